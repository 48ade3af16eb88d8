// istio-sidecars prints what istiod sends to the sidecars of a mesh, as far as it says how connections are encrypted:
// which chains stand at a port, and how each endpoint is sent to. istiod's own discovery server (pilot/test/xds) holds
// the objects of a question and answers each proxy over ADS; what Envoy makes of that is in envoy.go. Questions are
// read from stdin, one JSON object a line; each answer is one line on stdout.
//
// istiod reads its flags when it starts, so that questions are handed to a process of their own for each set of flags.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"

	"istio.io/istio/pkg/log"
)

// Set for the processes that answer.
const answers = "ISTIO_SIDECARS_ANSWERS"

type question struct {
	Seed uint64 `json:"seed"`
	// Flags of istiod.
	Env        map[string]string `json:"env"`
	MeshConfig json.RawMessage   `json:"meshConfig"`
	Objects    []json.RawMessage `json:"objects"`
	// Pods with a sidecar, as namespace/name.
	Proxies []string `json:"proxies"`
	// Asked about at each proxy.
	Ports []uint32 `json:"ports"`
	// Addresses of pods that are dialled themselves, at these ports.
	Dialled []string `json:"dialled"`
}

func main() {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	asked := read()
	out := bufio.NewWriter(os.Stdout)
	var told [][]byte
	if os.Getenv(answers) != "" {
		// istiod warns on stdout.
		out = bufio.NewWriter(os.NewFile(3, "answers"))
		for _, one := range asked {
			line, err := json.Marshal(tell(one))
			check(err)
			told = append(told, line)
		}
	} else {
		told = byFlags(asked)
	}
	for _, line := range told {
		_, err := out.Write(append(line, '\n'))
		check(err)
	}
	check(out.Flush())
}

func read() []question {
	var all []question
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var asked question
		check(json.Unmarshal(in.Bytes(), &asked))
		all = append(all, asked)
	}
	check(in.Err())
	return all
}

// byFlags hands questions to processes with their flags, a few at a time, and puts the answers into the order of the
// questions.
func byFlags(asked []question) [][]byte {
	groups := map[string][]int{}
	for at, one := range asked {
		flags, err := json.Marshal(one.Env)
		check(err)
		groups[string(flags)] = append(groups[string(flags)], at)
	}
	told := make([][]byte, len(asked))
	running := make(chan struct{}, 4)
	var done sync.WaitGroup
	for _, group := range groups {
		for some := range slices.Chunk(group, 40) {
			done.Add(1)
			go func() {
				defer done.Done()
				running <- struct{}{}
				defer func() { <-running }()
				var questions []question
				for _, at := range some {
					questions = append(questions, asked[at])
				}
				for number, line := range elsewhere(questions) {
					told[some[number]] = line
				}
			}()
		}
	}
	done.Wait()
	return told
}

// elsewhere answers questions in a process with their flags.
func elsewhere(asked []question) [][]byte {
	own, err := os.Executable()
	check(err)
	var lines bytes.Buffer
	for _, one := range asked {
		check(json.NewEncoder(&lines).Encode(one))
	}
	command := exec.Command(own)
	command.Env = append(os.Environ(), answers+"=1")
	for name, value := range asked[0].Env {
		command.Env = append(command.Env, name+"="+value)
	}
	from, to, err := os.Pipe()
	check(err)
	command.Stdin, command.Stderr, command.ExtraFiles = &lines, os.Stderr, []*os.File{to}
	check(command.Start())
	check(to.Close())
	text, err := io.ReadAll(from)
	check(err)
	check(command.Wait())
	told := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if len(told) != len(asked) {
		check(fmt.Errorf("%d answers to %d questions: %w", len(told), len(asked), io.ErrUnexpectedEOF))
	}
	return told
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
