// istio-rbac prints the RBAC filters that istiod makes of AuthorizationPolicies: what pilot/pkg/security/authz/builder
// answers, for one Envoy and one kind of filter chain. Cases are read from stdin, one JSON object a line; each answer
// is one line on stdout.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	extauthzhttp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	rbachttp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	extauthztcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/ext_authz/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	rbactcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	meshconfig "istio.io/api/mesh/v1alpha1"
	authzpb "istio.io/api/security/v1beta1"

	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/security/authz/builder"
	"istio.io/istio/pilot/pkg/security/trustdomain"
	"istio.io/istio/pilot/pkg/serviceregistry/provider"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/log"
)

// The external authorizer of every valid provider.
const authorizer = "authorizer.auth.svc.cluster.local"

type question struct {
	TrustDomain        string   `json:"trustDomain"`
	TrustDomainAliases []string `json:"trustDomainAliases"`
	RootNamespace      string   `json:"rootNamespace"`
	// http, tcp, tcpRulesAsHttp
	Chain                      string              `json:"chain"`
	FilterState                bool                `json:"filterState"`
	MultipleProviders          bool                `json:"multipleProviders"`
	SelectorBasedGatewayPolicy bool                `json:"selectorBasedGatewayPolicy"`
	Providers                  []extensionProvider `json:"providers"`
	Workload                   workload            `json:"workload"`
	Policies                   []policy            `json:"policies"`
	// Compared with every matcher of an identity.
	Identities []string `json:"identities"`
}

type extensionProvider struct {
	Name string `json:"name"`
	// http, grpc; broken has a port that is none; tracing is no authorizer
	Kind string `json:"kind"`
}

type workload struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	Waypoint  bool              `json:"waypoint"`
	Service   *service          `json:"service"`
}

type service struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	External  bool   `json:"external"`
}

type policy struct {
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec json.RawMessage `json:"spec"`
}

type answer struct {
	Custom []filter `json:"custom"`
	Local  []filter `json:"local"`
	// The matchers of identities in the filters, and the positions of the identities that match.
	Matched map[string][]int `json:"matched"`
}

// A filter: RBAC as it is sent, or the name of the provider that is asked. Refused: Envoy's own validation of the
// configuration would refuse it.
type filter struct {
	RBAC     any    `json:"rbac,omitempty"`
	ExtAuthz string `json:"extAuthz,omitempty"`
	Refused  bool   `json:"refused,omitempty"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		var asked question
		check(json.Unmarshal(in.Bytes(), &asked))
		told, err := json.Marshal(tell(asked))
		check(err)
		_, err = out.Write(append(told, '\n'))
		check(err)
	}
	check(in.Err())
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func tell(asked question) answer {
	features.EnableMultipleCustomAuthzProviders = asked.MultipleProviders
	features.EnableSelectorBasedK8sGatewayPolicy = asked.SelectorBasedGatewayPolicy
	push := &model.PushContext{AuthzPolicies: policies(asked), Mesh: mesh(asked)}
	push.ServiceIndex.HostnameAndNamespace = map[host.Name]map[string]*model.Service{
		authorizer: {"auth": &model.Service{Hostname: authorizer}},
	}
	selected := push.AuthzPolicies.ListAuthorizationPolicies(matcher(asked))
	bundle := trustdomain.NewBundle(asked.TrustDomain, asked.TrustDomainAliases)
	build := func(custom bool) []filter {
		b := builder.New(bundle, push, selected, builder.Option{IsCustomBuilder: custom, UseFilterState: asked.FilterState})
		if b == nil {
			return []filter{}
		}
		switch asked.Chain {
		case "http":
			return each(b.BuildHTTP(), httpConfig)
		case "tcp":
			return each(b.BuildTCP(), tcpConfig)
		default:
			// Nobody asks for CUSTOM there: listener_waypoint.go, buildHCMConnectTerminateChain.
			if custom {
				return []filter{}
			}
			return each(b.BuildTCPRulesAsHTTPFilter(), httpConfig)
		}
	}
	told := answer{Custom: build(true), Local: build(false), Matched: map[string][]int{}}
	for _, one := range append(told.Custom, told.Local...) {
		compare(one.RBAC, asked.Identities, told.Matched)
	}
	return told
}

// compare looks for the matchers of identities and does with Go's engine, which is RE2's, what Envoy does with them.
func compare(value any, identities []string, matched map[string][]int) {
	switch typed := value.(type) {
	case []any:
		for _, one := range typed {
			compare(one, identities, matched)
		}
	case map[string]any:
		for key, one := range typed {
			switch key {
			case "principalName":
				compareOne(one.(map[string]any), identities, matched)
			case "filterState":
				compareOne(one.(map[string]any)["stringMatch"].(map[string]any), identities, matched)
			default:
				compare(one, identities, matched)
			}
		}
	}
}

func compareOne(matcher map[string]any, identities []string, matched map[string][]int) {
	key, err := json.Marshal(matcher)
	check(err)
	positions := []int{}
	for position, identity := range identities {
		if matches(matcher, identity) {
			positions = append(positions, position)
		}
	}
	matched[string(key)] = positions
}

func matches(matcher map[string]any, identity string) bool {
	if exact, ok := matcher["exact"].(string); ok {
		return identity == exact
	}
	if prefix, ok := matcher["prefix"].(string); ok {
		return strings.HasPrefix(identity, prefix)
	}
	if suffix, ok := matcher["suffix"].(string); ok {
		return strings.HasSuffix(identity, suffix)
	}
	regex := matcher["safeRegex"].(map[string]any)["regex"].(string)
	return regexp.MustCompile("^(?:" + regex + ")$").MatchString(identity)
}

func httpConfig(filter *hcm.HttpFilter) *anypb.Any { return filter.GetTypedConfig() }

func tcpConfig(filter *listener.Filter) *anypb.Any { return filter.GetTypedConfig() }

func each[F any](built []F, config func(F) *anypb.Any) []filter {
	filters := []filter{}
	for _, one := range built {
		message, err := config(one).UnmarshalNew()
		check(err)
		filters = append(filters, plain(message))
	}
	return filters
}

func plain(message proto.Message) filter {
	switch typed := message.(type) {
	case *rbachttp.RBAC:
		return filter{RBAC: plainJSON(typed), Refused: typed.ValidateAll() != nil}
	case *rbactcp.RBAC:
		return filter{RBAC: plainJSON(typed), Refused: typed.ValidateAll() != nil}
	case *extauthzhttp.ExtAuthz:
		return filter{ExtAuthz: typed.GetFilterEnabledMetadata().GetValue().GetStringMatch().GetPrefix()}
	case *extauthztcp.ExtAuthz:
		return filter{ExtAuthz: typed.GetFilterEnabledMetadata().GetValue().GetStringMatch().GetPrefix()}
	default:
		check(fmt.Errorf("a filter of the type %T", message))
		return filter{}
	}
}

// The text of protojson has spaces at random.
func plainJSON(message proto.Message) any {
	text, err := protojson.Marshal(message)
	check(err)
	var value any
	check(json.Unmarshal(text, &value))
	return value
}

func policies(asked question) *model.AuthorizationPolicies {
	all := &model.AuthorizationPolicies{
		NamespaceToPolicies: map[string][]model.AuthorizationPolicy{},
		RootNamespace:       asked.RootNamespace,
	}
	for _, one := range asked.Policies {
		spec := &authzpb.AuthorizationPolicy{}
		check(protojson.Unmarshal(one.Spec, spec))
		namespace := one.Metadata.Namespace
		all.NamespaceToPolicies[namespace] = append(all.NamespaceToPolicies[namespace], model.AuthorizationPolicy{
			Name: one.Metadata.Name, Namespace: namespace, Annotations: one.Metadata.Annotations, Spec: spec,
		})
	}
	return all
}

func matcher(asked question) model.WorkloadPolicyMatcher {
	matcher := model.PolicyMatcherFor(asked.Workload.Namespace, asked.Workload.Labels, asked.Workload.Waypoint).
		WithRootNamespace(asked.RootNamespace)
	if service := asked.Workload.Service; service != nil {
		registry := provider.Kubernetes
		if service.External {
			registry = provider.External
		}
		matcher = matcher.WithService(&model.Service{Attributes: model.ServiceAttributes{
			Name: service.Name, Namespace: service.Namespace, ServiceRegistry: registry,
		}})
	}
	return matcher
}

func mesh(asked question) *meshconfig.MeshConfig {
	config := &meshconfig.MeshConfig{RootNamespace: asked.RootNamespace}
	for _, one := range asked.Providers {
		written := &meshconfig.MeshConfig_ExtensionProvider{Name: one.Name}
		port := uint32(9000)
		if one.Kind == "broken" {
			port = 0
		}
		switch one.Kind {
		case "http":
			written.Provider = &meshconfig.MeshConfig_ExtensionProvider_EnvoyExtAuthzHttp{
				EnvoyExtAuthzHttp: &meshconfig.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationHttpProvider{
					Service: authorizer, Port: port,
				},
			}
		case "grpc", "broken":
			written.Provider = &meshconfig.MeshConfig_ExtensionProvider_EnvoyExtAuthzGrpc{
				EnvoyExtAuthzGrpc: &meshconfig.MeshConfig_ExtensionProvider_EnvoyExternalAuthorizationGrpcProvider{
					Service: authorizer, Port: port,
				},
			}
		default:
			written.Provider = &meshconfig.MeshConfig_ExtensionProvider_Zipkin{
				Zipkin: &meshconfig.MeshConfig_ExtensionProvider_ZipkinTracingProvider{Service: authorizer, Port: port},
			}
		}
		config.ExtensionProviders = append(config.ExtensionProviders, written)
	}
	return config
}
