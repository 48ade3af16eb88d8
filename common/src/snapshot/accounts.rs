//! ServiceAccounts as objects.

use std::collections::BTreeMap;

use crate::codes::Silence;
use crate::model::{Labels, Namespace, Origin, ServiceAccount};

use super::{Object, Objects};

/// A ServiceAccount that was read.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its labels.
    pub labels: Labels,
    /// What it asks for silence about.
    pub silence: Silence,
    /// Where it was written.
    pub origin: Origin,
}

/// The accounts that were read.
pub(super) fn accounts(objects: &Objects) -> BTreeMap<(Namespace, ServiceAccount), Account> {
    let account = |object: &Object<()>| Account {
        labels: object.meta.labels.clone(),
        silence: object.meta.silence(),
        origin: object.origin,
    };
    let key = |object: &Object<()>| (object.namespace(), object.meta.name.clone().into());
    objects.service_accounts.iter().map(|object| (key(object), account(object))).collect()
}
