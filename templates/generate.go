package templates

import (
	"errors"
	"fmt"
	"strings"
)

// GenerateOptions are what [Generate] needs beside the templates. The zero value is
// valid.
type GenerateOptions struct {
	// Package is the name of the package. The default of [Generate] is tpl, that of
	// [GenerateFile] and [CheckGenerated] the name of the directory.
	Package string
	// Previous is the code that is replaced; nil for none. [GenerateFile] and
	// [CheckGenerated] read it themselves.
	Previous []byte
	// AllowReorder generates code even if callers of Previous compile with it, but would
	// send something else, because arguments of the same type changed places.
	AllowReorder bool
}

// Generate returns Go code with a type and a constructor for each template. The same
// files in any order give the same code, formatted as by gofmt. It imports the
// standard library and github.com/kirim-go/kirim only.
//
// What cannot be generated is a [*GenerateError]. A difference to options.Previous
// that the compiler cannot notice is a [*StaleError], unless options.AllowReorder is
// set.
func Generate(files []*File, options GenerateOptions) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

// GenerateFile writes the code of [Generate] to a file, unless the file has it
// already, and reports whether it wrote. The file is replaced as a whole or not at
// all. A file that was not generated is not overwritten.
func GenerateFile(path string, files []*File, options GenerateOptions) (changed bool, err error) {
	return false, errors.ErrUnsupported
}

// CheckGenerated returns a [*StaleError] with all differences if a file does not have
// the code of [Generate], for continuous integration. It ignores
// options.AllowReorder and writes nothing.
func CheckGenerated(path string, files []*File, options GenerateOptions) error {
	return errors.ErrUnsupported
}

// GenerateError is why no code can be generated from templates, all of it.
type GenerateError struct {
	Problems []Problem
}

// Problem is one reason why no code can be generated.
type Problem struct {
	Path string // of the file; empty for one that was not parsed
	Fault
}

// Error returns one line for each problem.
func (e *GenerateError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s:%d:%d: %s: %s", p.Path, p.Line, p.Column, p.Field, p.Message)
	}
	return strings.Join(lines, "\n")
}

// Drift is one way in which generated code differs from its templates.
type Drift struct {
	Template string // its name; empty for the file as a whole
	Message  string
	// Silent is set where callers compile with the new code and would send something
	// else, such as two texts in each other's place.
	Silent bool
}

// StaleError is generated code that differs from its templates.
type StaleError struct {
	Path        string // of the code; empty if it comes from no file
	Differences []Drift
}

// Error returns one line for each difference.
func (e *StaleError) Error() string {
	lines := make([]string, len(e.Differences))
	for i, d := range e.Differences {
		lines[i] = d.Message
		if d.Template != "" {
			lines[i] = d.Template + ": " + d.Message
		}
		if e.Path != "" {
			lines[i] = e.Path + ": " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}
