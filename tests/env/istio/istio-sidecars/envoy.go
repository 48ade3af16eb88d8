package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	internal "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/internal_upstream/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// What is sent to a port to see what becomes of it, in this order. An answer has one letter for each:
// `h` requests, `t` bytes, `H` and `T` the same out of TLS of the mesh, `S` TLS of another certificate, `x` leads
// nowhere, `-` no chain.
var probes = []struct {
	transport string
	protocols []string
}{
	{"raw_buffer", []string{"http/1.1"}},
	{"raw_buffer", nil},
	{"tls", []string{"istio-http/1.1", "istio", "http/1.1"}},
	{"tls", []string{"istio-peer-exchange", "istio"}},
	{"tls", []string{"h2", "http/1.1"}},
}

// inbound says what a listener makes of each probe.
func (s sent) inbound(name, address string, port uint32) string {
	var answer strings.Builder
	of := s.listener(name)
	for _, probe := range probes {
		if of == nil {
			return ""
		}
		transport, protocols := inspected(of, port, probe.transport, probe.protocols)
		answer.WriteString(what(choose(of, address, port, transport, protocols)))
	}
	return answer.String()
}

func (s sent) listener(name string) *listener.Listener {
	for _, one := range s.listeners {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// inspected is what the inspectors of a listener find out: without one, everything is bytes.
func inspected(of *listener.Listener, port uint32, transport string, protocols []string) (string, []string) {
	runs := func(name string) bool {
		for _, filter := range of.ListenerFilters {
			if strings.HasSuffix(filter.Name, name) {
				return !disabled(filter.FilterDisabled, port)
			}
		}
		return false
	}
	switch {
	case transport == "tls" && runs("tls_inspector"):
		return transport, protocols
	case transport == "tls":
		return "raw_buffer", nil
	case runs("http_inspector"):
		return transport, protocols
	default:
		return transport, nil
	}
}

func disabled(predicate *listener.ListenerFilterChainMatchPredicate, port uint32) bool {
	switch rule := predicate.GetRule().(type) {
	case nil:
		return false
	case *listener.ListenerFilterChainMatchPredicate_DestinationPortRange:
		return int32(port) >= rule.DestinationPortRange.Start && int32(port) < rule.DestinationPortRange.End
	case *listener.ListenerFilterChainMatchPredicate_OrMatch:
		return slices.ContainsFunc(rule.OrMatch.Rules, func(one *listener.ListenerFilterChainMatchPredicate) bool {
			return disabled(one, port)
		})
	case *listener.ListenerFilterChainMatchPredicate_NotMatch:
		return !disabled(rule.NotMatch, port)
	default:
		check(fmt.Errorf("a predicate of the type %T", rule))
		return false
	}
}

// choose finds the chain that Envoy takes (source/common/listener_manager/filter_chain_manager_impl.cc,
// findFilterChain): by port, then by address, then by transport, then by protocol; each step keeps what is most
// specific and never comes back.
func choose(of *listener.Listener, address string, port uint32, transport string, protocols []string) *listener.FilterChain {
	chains := of.FilterChains
	keep := func(specific, general func(*listener.FilterChainMatch) bool) {
		by := func(fits func(*listener.FilterChainMatch) bool) []*listener.FilterChain {
			var kept []*listener.FilterChain
			for _, chain := range chains {
				if fits(chain.FilterChainMatch) {
					kept = append(kept, chain)
				}
			}
			return kept
		}
		if kept := by(specific); len(kept) > 0 {
			chains = kept
			return
		}
		chains = by(general)
	}
	keep(
		func(m *listener.FilterChainMatch) bool {
			return m.GetDestinationPort() != nil && m.GetDestinationPort().Value == port
		},
		func(m *listener.FilterChainMatch) bool { return m.GetDestinationPort() == nil },
	)
	longest := -1
	for _, chain := range chains {
		longest = max(longest, covering(chain.FilterChainMatch, address))
	}
	keep(
		func(m *listener.FilterChainMatch) bool { return longest >= 0 && covering(m, address) == longest },
		func(m *listener.FilterChainMatch) bool { return len(m.GetPrefixRanges()) == 0 },
	)
	keep(
		func(m *listener.FilterChainMatch) bool { return m.GetTransportProtocol() == transport },
		func(m *listener.FilterChainMatch) bool { return m.GetTransportProtocol() == "" },
	)
	first := ""
	for _, protocol := range protocols {
		if slices.ContainsFunc(chains, func(c *listener.FilterChain) bool {
			return slices.Contains(c.GetFilterChainMatch().GetApplicationProtocols(), protocol)
		}) {
			first = protocol
			break
		}
	}
	keep(
		func(m *listener.FilterChainMatch) bool {
			return first != "" && slices.Contains(m.GetApplicationProtocols(), first)
		},
		func(m *listener.FilterChainMatch) bool { return len(m.GetApplicationProtocols()) == 0 },
	)
	switch len(chains) {
	case 0:
		return of.DefaultFilterChain
	case 1:
		return chains[0]
	default:
		check(fmt.Errorf("%s: %d chains for the same at port %d", of.Name, len(chains), port))
		return nil
	}
}

// covering is the length of the longest block that holds an address, -1 for none.
func covering(match *listener.FilterChainMatch, address string) int {
	longest := -1
	for _, block := range match.GetPrefixRanges() {
		prefix, err := netip.ParseAddr(block.AddressPrefix)
		check(err)
		bits := int(block.PrefixLen.GetValue())
		if netip.PrefixFrom(prefix, bits).Contains(netip.MustParseAddr(address)) {
			longest = max(longest, bits)
		}
	}
	return longest
}

// what says what a chain does: the last filter decides.
func what(chain *listener.FilterChain) string {
	if chain == nil {
		return "-"
	}
	last := chain.Filters[len(chain.Filters)-1]
	letter := "t"
	if name := clusterOf(last); name == blackHole {
		return "x"
	} else if last.GetTypedConfig().MessageIs(&hcm.HttpConnectionManager{}) {
		letter = "h"
	}
	if chain.TransportSocket == nil {
		return letter
	}
	context := &tls.DownstreamTlsContext{}
	check(chain.TransportSocket.GetTypedConfig().UnmarshalTo(context))
	if !ofMesh(context.CommonTlsContext) || !context.GetRequireClientCertificate().GetValue() {
		return "S"
	}
	return strings.ToUpper(letter)
}

func ofMesh(context *tls.CommonTlsContext) bool {
	certificates := context.GetTlsCertificateSdsSecretConfigs()
	return len(certificates) == 1 && certificates[0].Name == "default"
}

// clusterOf names the cluster of a TCP proxy.
func clusterOf(filter *listener.Filter) string {
	proxy := &tcp.TcpProxy{}
	if !filter.GetTypedConfig().MessageIs(proxy) {
		return ""
	}
	check(filter.GetTypedConfig().UnmarshalTo(proxy))
	return proxy.GetCluster()
}

// socket is the first of a cluster's sockets that an endpoint's metadata matches
// (source/common/upstream/transport_socket_match_impl.cc, resolve).
func socket(of *cluster.Cluster, metadata *core.Metadata) *core.TransportSocket {
	fields := metadata.GetFilterMetadata()["envoy.transport_socket_match"].GetFields()
	for _, match := range of.TransportSocketMatches {
		if covers(match.Match, fields) {
			return match.TransportSocket
		}
	}
	return of.TransportSocket
}

func covers(wanted *structpb.Struct, fields map[string]*structpb.Value) bool {
	for name, value := range wanted.GetFields() {
		if fields[name].GetStringValue() != value.GetStringValue() || fields[name] == nil {
			return false
		}
	}
	return true
}

// encrypted says what a socket does: plaintext, mtls (that of the mesh, with the names that it asks for), tls; behind
// `hbone`, what HBONE carries.
func encrypted(of *core.TransportSocket) string {
	config := of.GetTypedConfig()
	tunnel, context := &internal.InternalUpstreamTransport{}, &tls.UpstreamTlsContext{}
	switch {
	case config.MessageIs(tunnel):
		check(config.UnmarshalTo(tunnel))
		if inner := encrypted(tunnel.TransportSocket); inner != "plaintext" {
			return "hbone " + inner
		}
		return "hbone"
	case config.MessageIs(context):
		check(config.UnmarshalTo(context))
		if !ofMesh(context.CommonTlsContext) {
			return "tls"
		}
		return "mtls" + names(context.CommonTlsContext)
	default:
		return "plaintext"
	}
}

func names(context *tls.CommonTlsContext) string {
	all := ""
	for _, name := range context.GetCombinedValidationContext().GetDefaultValidationContext().GetMatchSubjectAltNames() { //nolint:staticcheck
		all += " " + name.GetExact()
	}
	return all
}
