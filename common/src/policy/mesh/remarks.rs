//! What a reader of a workload should know beside what is decided there.

use crate::codes::{Code, Evidence};
use crate::model::{DataPlane, Serving, Workload};
use crate::policy::compile::Remark;
use crate::policy::peer_authentication::{PeerAuthenticationIndex, tied as tied_remarks};

use super::Mesh;

impl Mesh<'_> {
    /// What a reader of a workload that is called should know.
    #[must_use]
    pub fn remarks_on(&self, workload: &Workload) -> Vec<Remark> {
        let mut remarks = self.remarks_on_capture(workload);
        if !workload.is_captured() {
            return remarks;
        }
        remarks.extend(self.ties_at(workload));
        let namespace = &workload.identity.namespace;
        if workload.labels.is_empty() && !self.policies.attached(namespace, &workload.labels).is_empty() {
            let root = &self.snapshot.settings.mesh.root_namespace;
            remarks.push(Remark::on_workload(
                workload,
                Code::UnlabelledPod,
                Evidence::none().with("root", root),
            ));
        }
        remarks
    }

    /// What a reader of any workload should know of how its traffic is redirected.
    #[must_use]
    pub fn remarks_on_capture(&self, workload: &Workload) -> Vec<Remark> {
        let mut remarks = Vec::new();
        match (workload.capture.data_plane, workload.capture.contradicted_intent) {
            (DataPlane::None, Some(DataPlane::Ambient)) => {
                remarks.push(Remark::on_workload(workload, Code::NotCapturedAsLabelled, Evidence::none()));
            }
            (DataPlane::Ambient, Some(DataPlane::None)) => {
                remarks.push(Remark::on_workload(workload, Code::CapturedAgainstLabels, Evidence::none()));
            }
            _ => {}
        }
        if workload.is_captured() && workload.capture.serving == Serving::Undiscovered {
            let evidence = Evidence::none().with("namespace", &workload.identity.namespace);
            remarks.push(Remark::on_workload(workload, Code::NamespaceNotDiscovered, evidence));
        }
        remarks
    }

    fn ties_at(&self, workload: &Workload) -> Vec<Remark> {
        let ties = self.policies.peer_authentications().ties(&workload.identity.namespace, &workload.labels);
        let object = |index: &PeerAuthenticationIndex| {
            self.snapshot.peer_authentications.get(index.0).map(|policy| &policy.object)
        };
        ties.iter()
            .flat_map(|tied| tied_remarks(&tied.iter().filter_map(object).collect::<Vec<_>>()))
            .collect()
    }
}
