package templates

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// GenerateOptions are what [Generate] needs beside the templates. The zero value is
// valid.
type GenerateOptions struct {
	// Package is the name of the package. [GenerateFile] and [CheckGenerated] take that of
	// the directory where it is empty. Where that cannot be one it is tpl.
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
	code, models, err := generate(files, options)
	if err != nil {
		return nil, err
	}
	previous, _ := recordsIn(options.Previous)
	if silent := silentDifferences(previous, models); len(silent) > 0 && !options.AllowReorder {
		return nil, &StaleError{Differences: silent}
	}
	return code, nil
}

// generate is Generate without a look at the previous code.
func generate(files []*File, options GenerateOptions) ([]byte, []*model, error) {
	name := cmp.Or(options.Package, "tpl")
	if !token.IsIdentifier(name) || name == "_" {
		return nil, nil, fmt.Errorf("templates: want a name of a Go package, got %d characters", len([]rune(name)))
	}
	if files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f == nil }); len(files) == 0 {
		return nil, nil, errors.New("templates: there are no templates to generate code from")
	}
	slices.SortStableFunc(files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	var models []*model
	var problems []Problem
	for _, f := range files {
		m, faults := modelOf(f)
		models = append(models, m)
		problems = append(problems, faults...)
	}
	if problems = append(problems, collisions(models)...); len(problems) > 0 {
		return nil, nil, &GenerateError{problems}
	}
	code, err := codeOf(name, models)
	return code, models, err
}

// collisions are templates that would have the same names in Go.
func collisions(models []*model) (problems []Problem) {
	owners, codes := make(map[string]*File), make(map[string]string)
	for _, m := range models {
		names := []string{m.typeName}
		if len(m.cardFields) > 0 {
			names = append(names, m.typeName+"Card")
		}
		for _, name := range names {
			other, taken := owners[name]
			if taken && other.Name == m.file.Name {
				problems = append(problems, problemAt(m.file, "name", "the template %s is also in %s", other.Name, cmp.Or(other.Path(), "another file")))
			} else if taken {
				problems = append(problems, problemAt(m.file, "name", "the templates %s and %s have the same name in Go, %s: generate them into two packages", other.Name, m.file.Name, name))
			}
			owners[name] = m.file
		}
		for _, l := range m.languages {
			other, taken := codes[l.constant]
			if taken && other != l.Code {
				problems = append(problems, problemAt(m.file, l.design.path, "the languages %s and %s have the same name in Go, %s", other, l.Code, l.constant))
			}
			codes[l.constant] = l.Code
		}
	}
	return problems
}

// GenerateFile writes the code of [Generate] to a file, unless the file has it
// already, and reports whether it wrote. The file is replaced as a whole or not at
// all. A file that was not generated is not overwritten.
func GenerateFile(path string, files []*File, options GenerateOptions) (changed bool, err error) {
	previous, options, err := previousCode(path, options)
	if err != nil {
		return false, err
	}
	if len(bytes.TrimSpace(previous)) > 0 && !bytes.HasPrefix(previous, []byte(generatedHeader)) {
		return false, fmt.Errorf("templates: %s exists and was not generated: it is not overwritten", path)
	}
	code, err := Generate(files, options)
	if stale, ok := errors.AsType[*StaleError](err); ok {
		stale.Path = path
	}
	if err != nil || bytes.Equal(code, previous) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // code to be committed
		return false, err
	}
	err = writeFile(path, code, 0o644)
	return err == nil, err
}

// previousCode reads the code in a file, with \n for line breaks, and completes the
// options. There may be no file.
func previousCode(path string, options GenerateOptions) ([]byte, GenerateOptions, error) {
	if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
		return nil, options, fmt.Errorf("templates: want the path of a Go file and not of a test, such as tpl/templates.go, got %.80q", path)
	}
	code, err := os.ReadFile(path) //nolint:gosec // the caller names the file
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, options, err
	}
	options.Previous = bytes.ReplaceAll(code, []byte("\r\n"), []byte("\n"))
	if options.Package == "" {
		dir, err := filepath.Abs(filepath.Dir(path))
		if err != nil {
			return nil, options, err
		}
		options.Package = packageOf(filepath.Base(dir))
	}
	return options.Previous, options, nil
}

// packageOf returns the name of the package in a directory, empty if that cannot be one.
func packageOf(dir string) string {
	name := strings.Map(func(r rune) rune {
		if isGoLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, dir)
	if !token.IsIdentifier(name) {
		return ""
	}
	return name
}

// CheckGenerated returns a [*StaleError] with all differences if a file does not have
// the code of [Generate], for continuous integration. It ignores
// options.AllowReorder and writes nothing.
func CheckGenerated(path string, files []*File, options GenerateOptions) error {
	previous, options, err := previousCode(path, options)
	if err != nil {
		return err
	}
	code, models, err := generate(files, options)
	if err != nil || bytes.Equal(code, previous) {
		return err
	}
	return &StaleError{path, differences(previous, code, models)}
}

// GenerateError is why no code can be generated from templates, all of it.
type GenerateError struct {
	Problems []Problem
}

// Problem is one reason why no code can be generated.
type Problem struct {
	Path string // of the file; empty for one that was not parsed, which has no lines
	Fault
}

// Error returns one line for each problem.
func (e *GenerateError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("%s: %s", p.Field, p.Message)
		if p.Path != "" {
			lines[i] = fmt.Sprintf("%s:%d:%d: %s", p.Path, p.Line, p.Column, lines[i])
		}
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
