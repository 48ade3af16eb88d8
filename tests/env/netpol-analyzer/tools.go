//go:build tools

// Package tools names the programs that tests/env/build makes out of this module's requirements.
package tools

import (
	_ "github.com/np-guard/netpol-analyzer/cmd/netpolicy"
)
