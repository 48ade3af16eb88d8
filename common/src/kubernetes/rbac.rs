//! Roles and who has them, `rbac.authorization.k8s.io` v1. These kinds have no `spec`.

use crate::model::Name;
use crate::wire::wire;

wire! {
    /// A Role or ClusterRole.
    #[derive(Clone, Debug)]
    pub struct RoleSpec {
        /// What it permits: any of these.
        pub rules: Vec<PolicyRule> = "rules",
        /// Other ClusterRoles whose rules a controller copies into `rules`.
        pub aggregation_rule: Option<serde::de::IgnoredAny> = "aggregationRule",
    }
}

wire! {
    /// One permission. The names of objects are not read: server-side apply creates an object of a name that is
    /// given, and is judged by that name.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct PolicyRule {
        /// API groups; `*` is all.
        pub api_groups: Vec<Name> = "apiGroups",
        /// Resources; `*` is all.
        pub resources: Vec<Name> = "resources",
        /// Verbs; `*` is all.
        pub verbs: Vec<Name> = "verbs",
    }
}

wire! {
    /// A RoleBinding or ClusterRoleBinding.
    #[derive(Clone, Debug)]
    pub struct RoleBindingSpec {
        /// The role.
        pub role_ref: RoleRef = "roleRef",
        /// Who has it.
        pub subjects: Vec<Subject> = "subjects",
    }
}

wire! {
    /// The role of a binding.
    #[derive(Clone, Debug)]
    pub struct RoleRef {
        /// Role or ClusterRole.
        pub kind: Name = "kind",
        /// Its name; a Role is of the binding's namespace.
        pub name: Name = "name",
    }
}

wire! {
    /// Who has a role.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
    pub struct Subject {
        /// User, Group or ServiceAccount.
        pub kind: Name = "kind",
        /// The namespace of a ServiceAccount.
        pub namespace: Option<Name> = "namespace",
        /// Its name.
        pub name: Name = "name",
    }
}
