package main

import (
	"fmt"
	"maps"
	"slices"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

const blackHole = "BlackHoleCluster"

// outbound says how each endpoint is sent to that a connection may get to: by its address and port, or by the cluster
// where it goes to the address that was dialled. `http` stands for requests, `tcp` for other bytes, `all` for both.
func (s sent) outbound(address string, port uint32, host string) map[string]map[string]string {
	taking := s.taking(address, port)
	of := func(protocols []string) map[string]string {
		transport, protocols := inspected(taking, port, "raw_buffer", protocols)
		told := map[string]string{}
		for _, name := range s.clustersOf(choose(taking, address, port, transport, protocols), host, port) {
			for to, how := range s.endpointsOf(name) {
				told[to] = how
			}
		}
		return told
	}
	requests, bytes := of([]string{"http/1.1"}), of(nil)
	if maps.Equal(requests, bytes) {
		return map[string]map[string]string{"all": requests}
	}
	return map[string]map[string]string{"http": requests, "tcp": bytes}
}

// taking is the listener for an address and a port, else that for the port of any address, else the one that takes
// everything else.
func (s sent) taking(address string, port uint32) *listener.Listener {
	for _, of := range []string{address, "0.0.0.0"} {
		for _, one := range s.listeners {
			at := one.GetAddress().GetSocketAddress()
			bound := one.Name != "virtualInbound" && one.Name != "virtualOutbound"
			if bound && at.GetAddress() == of && at.GetPortValue() == port {
				return one
			}
		}
	}
	all := s.listener("virtualOutbound")
	if all == nil {
		check(fmt.Errorf("no listener takes %s:%d", address, port))
	}
	return all
}

// clustersOf names the clusters to which a chain sends what is for a host.
func (s sent) clustersOf(chain *listener.FilterChain, host string, port uint32) []string {
	if chain == nil {
		return nil
	}
	last := chain.Filters[len(chain.Filters)-1]
	if name := clusterOf(last); name != "" {
		return []string{name}
	}
	manager := &hcm.HttpConnectionManager{}
	check(last.GetTypedConfig().UnmarshalTo(manager))
	routes := s.routes[manager.GetRds().GetRouteConfigName()]
	if routes == nil {
		routes = manager.GetRouteConfig()
	}
	return routed(routes, host, port)
}

// routed names the clusters of the virtual host for a host: by its whole name, else what takes every name.
func routed(routes *route.RouteConfiguration, host string, port uint32) []string {
	for _, wanted := range []string{fmt.Sprintf("%s:%d", host, port), host, "*"} {
		for _, virtual := range routes.GetVirtualHosts() {
			if !slices.Contains(virtual.Domains, wanted) {
				continue
			}
			var names []string
			for _, one := range virtual.Routes {
				// What it answers itself gets nowhere.
				if one.GetRoute() == nil {
					names = append(names, blackHole)
					continue
				}
				names = append(names, one.GetRoute().GetCluster())
			}
			return names
		}
	}
	return nil
}

// endpointsOf says how each endpoint of a cluster is sent to.
func (s sent) endpointsOf(name string) map[string]string {
	of := s.clusters[name]
	if of == nil {
		check(fmt.Errorf("no cluster `%s`", name))
	}
	assigned := of.LoadAssignment
	switch of.GetType() {
	case cluster.Cluster_ORIGINAL_DST:
		return map[string]string{name: encrypted(socket(of, nil))}
	case cluster.Cluster_EDS:
		assigned = s.endpoints[name]
	}
	told := map[string]string{}
	for _, locality := range assigned.GetEndpoints() {
		for _, one := range locality.LbEndpoints {
			told[target(one)] = encrypted(socket(of, one.Metadata))
		}
	}
	if name == blackHole {
		told[name] = "nowhere"
	}
	return told
}

// target is the address of an endpoint; that of one behind HBONE is in its metadata.
func target(of *endpoint.LbEndpoint) string {
	if at := of.GetEndpoint().GetAddress().GetSocketAddress(); at != nil {
		return fmt.Sprintf("%s:%d", at.Address, at.GetPortValue())
	}
	fields := of.GetMetadata().GetFilterMetadata()["envoy.filters.listener.original_dst"].GetFields()
	return fields["local"].GetStringValue()
}
