//! RequestAuthentication, `security.istio.io`: whose tokens a proxy accepts. What is in a token counts only where one of
//! these is attached to the proxy.

use crate::model::Name;
use crate::wire::wire;

use super::{TargetReference, WorkloadSelector};

wire! {
    /// `spec` of a RequestAuthentication, as far as it says where it counts and whose tokens it accepts.
    #[derive(Clone, Debug)]
    pub struct RequestAuthentication {
        /// Pods by their labels; absent: all of the namespace.
        pub selector: Option<WorkloadSelector> = "selector",
        /// What it is attached to.
        pub target_ref: Option<TargetReference> = "targetRef",
        /// What it is attached to; several.
        pub target_refs: Vec<TargetReference> = "targetRefs",
        /// Whose tokens.
        pub jwt_rules: Vec<JwtRule> = "jwtRules",
    }
}

wire! {
    /// Tokens of one issuer.
    #[derive(Clone, Debug)]
    pub struct JwtRule {
        /// Who issues them.
        pub issuer: Name = "issuer",
        /// For whom: any of these; none: for anybody.
        pub audiences: Vec<Name> = "audiences",
        /// Claims in which what stands between spaces is a list.
        pub space_delimited_claims: Vec<Name> = "spaceDelimitedClaims",
    }
}
