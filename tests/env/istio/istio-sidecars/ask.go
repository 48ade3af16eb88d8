package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/model"
	adsxds "istio.io/istio/pilot/pkg/xds"
	v3 "istio.io/istio/pilot/pkg/xds/v3"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/test"
)

// The domain of the cluster, as istiod's store of configurations says it of each.
const domain = "cluster.local"

type answer struct {
	Seed uint64 `json:"seed"`
	// Objects that istiod's validation refuses, as kind/namespace/name: no cluster has them.
	Refused []string `json:"refused"`
	// By the name of the pod.
	Proxies map[string]told `json:"proxies"`
}

// told is what istiod tells a proxy.
type told struct {
	// By port: what becomes of each of envoy.go's probes. Port 0 stands for ports that nothing names.
	Inbound map[uint32]string `json:"inbound"`
	// The same for what HBONE carries; empty where it is not listened for.
	HBONE map[uint32]string `json:"hbone,omitempty"`
	// By what is dialled, `service.namespace:port`, behind it the address of a pod where a Service is headless, or
	// `address:port`: outbound.go.
	Outbound map[string]map[string]map[string]string `json:"outbound"`
}

// sent is the configuration of a proxy.
type sent struct {
	clusters  map[string]*cluster.Cluster
	endpoints map[string]*endpoint.ClusterLoadAssignment
	listeners []*listener.Listener
	routes    map[string]*route.RouteConfiguration
}

func tell(asked question) answer {
	objects, configs, refused := split(asked.Objects)
	out := answer{Seed: asked.Seed, Refused: refused, Proxies: map[string]told{}}
	check(test.Wrap(func(t test.Failer) {
		settings, err := mesh.ApplyMeshConfigDefaults(string(asked.MeshConfig))
		check(err)
		server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
			KubernetesObjects: objects, Configs: configs, MeshConfig: settings,
		})
		settle(server)
		for _, object := range objects {
			pod, is := object.(*corev1.Pod)
			if !is || !contains(asked.Proxies, pod.Namespace+"/"+pod.Name) {
				continue
			}
			got := request(t, server, pod, settings.GetDefaultConfig().GetProxyMetadata())
			out.Proxies[pod.Namespace+"/"+pod.Name] = got.tell(asked, pod, objects)
		}
	}))
	if len(out.Proxies) != len(asked.Proxies) {
		check(fmt.Errorf("seed %d: not every proxy is a pod", asked.Seed))
	}
	return out
}

func contains(all []string, one string) bool {
	for _, other := range all {
		if other == one {
			return true
		}
	}
	return false
}

// split tells what istiod's registry of Kubernetes reads from what its store of configurations reads; some kinds are
// read by both. The last are those that are refused.
func split(all []json.RawMessage) ([]runtime.Object, []config.Config, []string) {
	var objects []runtime.Object
	var configs []config.Config
	refused := []string{}
	decoder := kube.IstioCodec.UniversalDeserializer()
	for _, text := range all {
		object, kind, err := decoder.Decode(text, nil, nil)
		check(err)
		if strings.HasSuffix(kind.Group, "istio.io") {
			read, _, err := crd.ParseInputs(string(text))
			if err != nil {
				meta := object.(metav1.Object)
				refused = append(refused, kind.Kind+"/"+meta.GetNamespace()+"/"+meta.GetName())
				continue
			}
			for _, one := range read {
				one.Domain = domain
				configs = append(configs, one)
			}
			if kind.Kind != "PeerAuthentication" && kind.Kind != "WorkloadEntry" && kind.Kind != "ServiceEntry" {
				continue
			}
		}
		objects = append(objects, object)
	}
	return objects, configs, refused
}

// settle waits until nothing is told the server any more.
func settle(server *xds.FakeDiscoveryServer) {
	still := 0
	last := server.Discovery.InboundUpdates.Load()
	for still < 4 {
		time.Sleep(5 * time.Millisecond)
		now := server.Discovery.InboundUpdates.Load()
		if now == last && server.Discovery.CommittedUpdates.Load() >= now {
			still++
		} else {
			still, last = 0, now
		}
	}
}

// metadata is what the injector and the agent of a pod tell istiod.
func metadata(pod *corev1.Pod, environment map[string]string) model.NodeMetadata {
	fields := map[string]any{
		"NAMESPACE": pod.Namespace, "CLUSTER_ID": "Kubernetes", "LABELS": pod.Labels, "NODE_NAME": pod.Spec.NodeName,
		"ISTIO_VERSION": "1.31.0", "SERVICE_ACCOUNT": pod.Spec.ServiceAccountName, "INTERCEPTION_MODE": "REDIRECT",
	}
	if pod.Labels["networking.istio.io/tunnel"] == "http" {
		fields["ENABLE_HBONE"] = "true"
	}
	for name, value := range environment {
		if rest, is := strings.CutPrefix(name, "ISTIO_META_"); is {
			fields[rest] = value
		}
	}
	text, err := json.Marshal(fields)
	check(err)
	var told model.NodeMetadata
	check(json.Unmarshal(text, &told))
	return told
}

// request asks for everything that the Envoy of a pod asks for.
func request(t test.Failer, server *xds.FakeDiscoveryServer, pod *corev1.Pod, environment map[string]string) sent {
	id := fmt.Sprintf("sidecar~%s~%s.%s~%s.svc.%s", pod.Status.PodIP, pod.Name, pod.Namespace, pod.Namespace, domain)
	stream := server.ConnectADS().WithID(id).WithMetadata(metadata(pod, environment)).WithTimeout(20 * time.Second)
	defer stream.Cleanup()
	got := sent{
		clusters:  map[string]*cluster.Cluster{},
		endpoints: map[string]*endpoint.ClusterLoadAssignment{},
		routes:    map[string]*route.RouteConfiguration{},
	}
	clusters := resources[cluster.Cluster](t, stream, v3.ClusterType, nil)
	for _, one := range clusters {
		got.clusters[one.Name] = one
	}
	for _, one := range resources[endpoint.ClusterLoadAssignment](t, stream, v3.EndpointType, xdstest.ExtractEdsClusterNames(clusters)) {
		got.endpoints[one.ClusterName] = one
	}
	got.listeners = resources[listener.Listener](t, stream, v3.ListenerType, nil)
	for _, one := range resources[route.RouteConfiguration](t, stream, v3.RouteType, xdstest.ExtractRoutesFromListeners(got.listeners)) {
		got.routes[one.Name] = one
	}
	return got
}

// resources asks for resources; for those of these names, if there are any, or for all.
func resources[M any, P interface {
	*M
	proto.Message
}](t test.Failer, stream *adsxds.AdsTest, kind string, names []string) []P {
	if len(names) == 0 && (kind == v3.EndpointType || kind == v3.RouteType) {
		return nil
	}
	var all []P
	response := stream.RequestResponseAck(t, &discovery.DiscoveryRequest{TypeUrl: kind, ResourceNames: names})
	for _, resource := range response.Resources {
		one := P(new(M))
		check(resource.UnmarshalTo(one))
		all = append(all, one)
	}
	return all
}

// tell asks the configuration about ports and destinations.
func (s sent) tell(asked question, pod *corev1.Pod, objects []runtime.Object) told {
	out := told{Inbound: map[uint32]string{}, HBONE: map[uint32]string{}, Outbound: map[string]map[string]map[string]string{}}
	for _, port := range asked.Ports {
		out.Inbound[port] = s.inbound("virtualInbound", pod.Status.PodIP, port)
		if pod.Labels["networking.istio.io/tunnel"] == "http" {
			out.HBONE[port] = s.inbound("main_internal", pod.Status.PodIP, port)
		}
	}
	for _, object := range objects {
		service, is := object.(*corev1.Service)
		if !is {
			continue
		}
		addresses, host := []string{service.Spec.ClusterIP}, fmt.Sprintf("%s.%s", service.Name, service.Namespace)
		if service.Spec.ClusterIP == corev1.ClusterIPNone {
			addresses = asked.Dialled
		}
		for _, port := range service.Spec.Ports {
			for _, address := range addresses {
				key := fmt.Sprintf("%s:%d", host, port.Port)
				if service.Spec.ClusterIP == corev1.ClusterIPNone {
					key += " " + address
				}
				out.Outbound[key] = s.outbound(address, uint32(port.Port), host+".svc."+domain)
			}
		}
	}
	for _, address := range asked.Dialled {
		for _, port := range asked.Ports {
			if port == 0 {
				continue
			}
			out.Outbound[fmt.Sprintf("%s:%d", address, port)] = s.outbound(address, port, address)
		}
	}
	return out
}
