//! Pods, and the objects that hold templates of them.

use crate::model::{Name, Protocol};
use crate::wire::wire;

use super::ObjectMeta;

wire! {
    /// `spec` of a Pod or of a template.
    #[derive(Clone, Debug)]
    pub struct PodSpec {
        /// The account that it runs as; absent is `default`.
        pub service_account_name: Option<Name> = "serviceAccountName",
        /// The same under its old name.
        pub service_account: Option<Name> = "serviceAccount",
        /// The node that it was put on.
        pub node_name: Option<Name> = "nodeName",
        /// Whether it shares the node's network.
        pub host_network: bool = "hostNetwork",
        /// Its containers.
        pub containers: Vec<Container> = "containers",
        /// Containers that run first, or, with `restartPolicy: Always`, beside the others.
        pub init_containers: Vec<Container> = "initContainers",
    }
}

wire! {
    /// A container.
    #[derive(Clone, Debug)]
    pub struct Container {
        /// Its name.
        pub name: Name = "name",
        /// Its image.
        pub image: Option<Name> = "image",
        /// The ports that it declares.
        pub ports: Vec<ContainerPortSpec> = "ports",
        /// Its environment.
        pub env: Vec<EnvVar> = "env",
        /// `Always` makes an init container a sidecar.
        pub restart_policy: Option<Name> = "restartPolicy",
    }
}

wire! {
    /// A declared port.
    #[derive(Clone, Debug)]
    pub struct ContainerPortSpec {
        /// Its number.
        pub container_port: u16 = "containerPort",
        /// The number at which its node takes connections for it.
        pub host_port: Option<u16> = "hostPort",
        /// Its name.
        pub name: Option<Name> = "name",
        /// Its transport.
        pub protocol: Protocol = "protocol",
    }
}

wire! {
    /// An environment variable that is given by value.
    #[derive(Clone, Debug)]
    pub struct EnvVar {
        /// Its name.
        pub name: Name = "name",
        /// Its value; absent when it comes from elsewhere.
        pub value: Option<Name> = "value",
    }
}

wire! {
    /// `status` of a Pod.
    #[derive(Clone, Debug)]
    pub struct PodStatus {
        /// Pending, Running, Succeeded, Failed, Unknown.
        pub phase: Option<Name> = "phase",
        /// Its first address.
        pub pod_ip: Option<Name> = "podIP",
        /// All of its addresses.
        pub pod_ips: Vec<PodIp> = "podIPs",
        /// The first address of its node.
        pub host_ip: Option<Name> = "hostIP",
        /// All of them.
        pub host_ips: Vec<PodIp> = "hostIPs",
        /// Whether it is ready.
        pub conditions: Vec<Condition> = "conditions",
    }
}

wire! {
    /// One address.
    #[derive(Clone, Debug)]
    pub struct PodIp {
        /// The address.
        pub ip: Name = "ip",
    }
}

wire! {
    /// A condition.
    #[derive(Clone, Debug)]
    pub struct Condition {
        /// Its name.
        pub kind: Name = "type",
        /// True, False or Unknown.
        pub status: Name = "status",
    }
}

wire! {
    /// A template of pods.
    #[derive(Clone, Debug)]
    pub struct PodTemplate {
        /// Labels and annotations of the pods.
        pub metadata: ObjectMeta = "metadata",
        /// Their `spec`.
        pub spec: PodSpec = "spec",
    }
}

wire! {
    /// `spec` of a Deployment, StatefulSet, DaemonSet or ReplicaSet.
    #[derive(Clone, Debug)]
    pub struct TemplatedSpec {
        /// How many pods; absent is one (a DaemonSet has none to give).
        pub replicas: Option<u64> = "replicas",
        /// The pods.
        pub template: PodTemplate = "template",
    }
}

wire! {
    /// `spec` of a Job.
    #[derive(Clone, Debug)]
    pub struct JobSpec {
        /// The pods.
        pub template: PodTemplate = "template",
    }
}

wire! {
    /// `status` of a Job.
    #[derive(Clone, Debug)]
    pub struct JobStatus {
        /// What became of it.
        pub conditions: Vec<Condition> = "conditions",
    }
}

impl JobStatus {
    /// Whether it makes no pods any more: kubernetes, pkg/controller/job/utils.go, `IsJobFinished`.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let ends = |condition: &Condition| matches!(&*condition.kind, "Complete" | "Failed");
        self.conditions.iter().any(|condition| ends(condition) && *condition.status == *"True")
    }
}

wire! {
    /// `spec` of a CronJob.
    #[derive(Clone, Debug)]
    pub struct CronJobSpec {
        /// The jobs.
        pub job_template: JobTemplate = "jobTemplate",
    }
}

wire! {
    /// A template of Jobs.
    #[derive(Clone, Debug)]
    pub struct JobTemplate {
        /// Their `spec`.
        pub spec: JobSpec = "spec",
    }
}
