//! What istiod writes on what it makes of Gateways, and the class that makes a waypoint of one.

/// The class whose Gateways istiod runs as waypoints (pkg/config/constants, `WaypointGatewayClassName`).
pub const WAYPOINT_CLASS: &str = "istio-waypoint";

/// The label of a pod with the name of the Gateway that it is an instance of.
pub const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// The label of what istiod made for a Gateway, with the controller that did.
pub const MANAGED: &str = "gateway.istio.io/managed";

/// The controller of waypoints, as [`MANAGED`] names it.
pub const MESH_CONTROLLER: &str = "istio.io-mesh-controller";
/// The controller of east-west gateways.
pub const EAST_WEST_CONTROLLER: &str = "istio.io-eastwest-controller";
