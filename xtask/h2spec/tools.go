//go:build tools

// Package tools names the program that this module is there for.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
