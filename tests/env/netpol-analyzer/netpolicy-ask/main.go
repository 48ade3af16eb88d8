// Netpolicy-ask answers questions about TCP connections with np-guard's netpol-analyzer:
// `netpolicy-ask FOLDER < QUESTIONS`.
//
// A question is a line `FROM TO PORT`; FROM and TO are `namespace/pod`, one of them may be an address. The answers are
// one character each, 1 for allowed, 0 for denied. This is what the analyzer's command `evaluate` asks about one
// connection, for many in one go; the rest of that command would not sort AdminNetworkPolicies by priority.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/np-guard/netpol-analyzer/pkg/logger"
	"github.com/np-guard/netpol-analyzer/pkg/manifests/fsscanner"
	"github.com/np-guard/netpol-analyzer/pkg/manifests/parser"
	"github.com/np-guard/netpol-analyzer/pkg/netpol/eval"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: netpolicy-ask FOLDER < QUESTIONS"))
	}
	engine, err := engine(os.Args[1])
	fail(err)
	out := bufio.NewWriter(os.Stdout)
	questions := bufio.NewScanner(os.Stdin)
	for questions.Scan() {
		question := strings.Fields(questions.Text())
		if len(question) != 3 {
			fail(fmt.Errorf("`%s` is no question", questions.Text()))
		}
		allowed, err := engine.CheckIfAllowed(question[0], question[1], "TCP", question[2])
		fail(err)
		answer := byte('0')
		if allowed {
			answer = '1'
		}
		fail(out.WriteByte(answer))
	}
	fail(questions.Err())
	fail(out.Flush())
}

func engine(folder string) (*eval.PolicyEngine, error) {
	infos, errs := fsscanner.GetResourceInfosFromDirPath([]string{folder}, false, true)
	for _, err := range errs {
		return nil, err
	}
	quiet := logger.NewDefaultLoggerWithVerbosity(logger.LowVerbosity)
	objects, problems := parser.ResourceInfoListToK8sObjectsList(infos, quiet, false)
	for _, problem := range problems {
		return nil, problem.Error()
	}
	return eval.NewPolicyEngineWithOptionsList(eval.WithLogger(quiet), eval.WithObjectsList(objects))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}
