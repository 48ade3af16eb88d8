//! One list: page by page, each decoded while the next one is on its way.
//!
//! What came before something went wrong is kept; what is missing is said. A list that changes while it is read
//! is the server's to keep together (all pages are of one resourceVersion); when it cannot any more, the list is
//! begun again.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::decode;
use crate::model::{Name, SourceId};
use crate::snapshot::{Detail, Objects, Progress, Resource, escaped};

use super::Keep;
use super::api::{Api, METADATA, Trouble};

/// Objects in a page, as kubectl asks for them.
const PAGE: usize = 500;

/// A list has no more pages: far more than any cluster has objects.
const PAGES: usize = 100_000;

/// How often a list is begun again before it is asked for in one piece.
const RESTARTS: usize = 2;

/// A list to be read.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) resource: &'static Resource,
    pub(super) version: String,
    /// Of one namespace, or of all.
    pub(super) namespace: Option<Name>,
}

/// What came of it.
pub(super) struct Listed {
    pub(super) list: List,
    pub(super) objects: Vec<Objects>,
    /// The pages, when they are kept.
    pub(super) kept: Vec<String>,
    /// Why it was not read to its end.
    pub(super) trouble: Option<Trouble>,
}

/// What every list is read with.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) api: Api,
    pub(super) source: SourceId,
    pub(super) keep: Option<Keep>,
    pub(super) progress: Arc<dyn Progress + Send>,
}

/// A page that was decoded, and what is kept of it.
type Page = Result<(Vec<Objects>, Option<String>), String>;

impl Reader {
    /// Reads a list.
    pub(super) async fn list(self, list: List) -> Listed {
        self.progress.start(list.resource.plural, None);
        let mut restarts = 0;
        loop {
            let (pages, trouble) = self.pages(&list, restarts < RESTARTS).await;
            if trouble == Some(Trouble::Expired) && restarts < RESTARTS {
                restarts += 1;
                continue;
            }
            return collect(list, pages, trouble).await;
        }
    }

    async fn pages(&self, list: &List, paged: bool) -> (Vec<JoinHandle<Page>>, Option<Trouble>) {
        let path = list.resource.path(&list.version, list.namespace.as_deref());
        let mut pages = Vec::new();
        if let Err(trouble) = list.namespace.as_deref().map_or(Ok(()), must_be_name) {
            return (pages, Some(trouble));
        }
        let mut next: Option<String> = None;
        loop {
            let text =
                match self.api.get(&with_query(&path, paged, next.as_deref()), accept(list.resource)).await {
                    Ok(text) => text,
                    Err(trouble) => return (pages, Some(trouble)),
                };
            self.progress.advance(text.len() as u64);
            let end = decode::json::continuation(&text);
            pages.push(self.decode(list, text));
            match end {
                Ok(None) => return (pages, None),
                Ok(token) if !paged || token == next || pages.len() >= PAGES => {
                    return (pages, Some(Trouble::Failed("it has no end".to_owned())));
                }
                Ok(token) => next = token,
                // There may be more.
                Err(error) => return (pages, Some(Trouble::Failed(error))),
            }
        }
    }

    /// Decoding is work: it has threads of its own.
    fn decode(&self, list: &List, text: String) -> JoinHandle<Page> {
        let (source, keep, list) = (self.source, self.keep.clone(), list.clone());
        tokio::task::spawn_blocking(move || decode_page(&list, source, keep.as_ref(), text))
    }

    async fn text_of(&self, list: &List, name: &str) -> Result<String, Trouble> {
        list.namespace.as_deref().map_or(Ok(()), must_be_name)?;
        must_be_name(name)?;
        let path = list.resource.path(&list.version, list.namespace.as_deref());
        self.api.get(&format!("{path}/{}", escaped(name)), accept_object(list.resource)).await
    }

    /// Reads one object; that there is none is no trouble.
    pub(super) async fn object(self, list: List, name: Name) -> Listed {
        match self.text_of(&list, &name).await {
            Ok(text) => {
                let pages = vec![self.decode(&list, format!("{{\"kind\":\"List\",\"items\":[{text}]}}"))];
                collect(list, pages, None).await
            }
            Err(Trouble::NotFound) => Listed { list, objects: Vec::new(), kept: Vec::new(), trouble: None },
            Err(trouble) => Listed { list, objects: Vec::new(), kept: Vec::new(), trouble: Some(trouble) },
        }
    }
}

fn decode_page(list: &List, source: SourceId, keep: Option<&Keep>, text: String) -> Page {
    let text = match keep {
        Some(keep) => keep(list.resource, &text)?,
        None => text,
    };
    let api_version = list.resource.api_version(&list.version);
    let objects = decode::json::list(source, &text, &api_version, list.resource.kind)?;
    Ok((objects, keep.is_some().then_some(text)))
}

async fn collect(list: List, pages: Vec<JoinHandle<Page>>, trouble: Option<Trouble>) -> Listed {
    let mut listed = Listed { list, objects: Vec::new(), kept: Vec::new(), trouble };
    for page in pages {
        match page.await {
            Ok(Ok((objects, kept))) => {
                listed.objects.extend(objects);
                listed.kept.extend(kept);
            }
            Ok(Err(error)) => listed.trouble = Some(Trouble::Failed(error)),
            Err(_) => listed.trouble = Some(Trouble::Failed("it could not be decoded".to_owned())),
        }
    }
    listed
}

fn accept(resource: &Resource) -> &'static str {
    match resource.detail {
        Detail::Whole => "application/json",
        Detail::Metadata => METADATA,
    }
}

fn accept_object(resource: &Resource) -> &'static str {
    match resource.detail {
        Detail::Whole => "application/json",
        Detail::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json",
    }
}

fn with_query(path: &str, paged: bool, next: Option<&str>) -> String {
    match (paged, next) {
        (false, _) => path.to_owned(),
        (true, None) => format!("{path}?limit={PAGE}"),
        (true, Some(token)) => format!("{path}?limit={PAGE}&continue={}", escaped(token)),
    }
}

/// What an API server takes for a name in a path, even where it is escaped: apimachinery
/// pkg/api/validation/path/name.go, IsValidPathSegmentName. Others would be asked for something else.
fn must_be_name(text: &str) -> Result<(), Trouble> {
    match text {
        "" | "." | ".." => Err(Trouble::Failed(format!("`{text}` is no name"))),
        _ if text.contains(['/', '%']) => Err(Trouble::Failed(format!("`{text}` is no name"))),
        _ => Ok(()),
    }
}
