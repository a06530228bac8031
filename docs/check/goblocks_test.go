package check

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// given is what a fragment may use without declaring it.
const given = `
var (
	ctx      context.Context
	client   *kirim.Client
	number   *kirim.PhoneNumber
	messages *kirim.MessagesService
	message  kirim.OutboundMessage
	err      error
)
`

const module = "github.com/kirim-go/kirim"

// known are the packages that a fragment need not import, by name.
var known = func() map[string]string {
	packages := make(map[string]string)
	for _, p := range []string{
		"bufio", "bytes", "cmp", "context", "crypto/rsa", "crypto/sha256", "crypto/subtle", "encoding/hex", "encoding/json", "errors", "fmt", "io", "iter", "log", "log/slog",
		"database/sql", "net/http", "net/http/httptest", "net/url", "os", "os/signal", "strconv", "strings", "sync", "testing", "testing/synctest", "time",
		module, module + "/kirimtest", module + "/kirimtest/inspector", module + "/gateway", module + "/flows",
		module + "/outbox", module + "/outbox/outboxpg", module + "/outbox/outboxsqlite", module + "/kirimotel", module + "/templates", "github.com/jackc/pgx/v5/pgxpool",
	} {
		packages[path.Base(p)] = p
	}
	gateways, err := filepath.Glob(root + "/gateway/*/*.go")
	if err != nil {
		panic(err) // a malformed pattern
	}
	for _, file := range gateways {
		name := filepath.Base(filepath.Dir(file))
		packages[name] = module + "/gateway/" + name
	}
	return packages
}()

// source is a block made into the files of a package.
type source struct {
	block    block
	complete bool // a file of its own
	files    []*ast.File
	imports  []string
}

// parse makes a block into a package. Positions are those in the Markdown file.
func parse(fset *token.FileSet, b block) (*source, error) {
	line := fmt.Sprintf("//line %s:%d:1\n", b.path, b.line)
	whole, err := parser.ParseFile(fset, b.path, line+b.body, parser.SkipObjectResolution)
	if err == nil {
		return &source{block: b, complete: true, files: []*ast.File{whole}, imports: importsOf(whole)}, nil
	}
	for _, shape := range []struct{ before, after string }{
		{"package fragment\n", ""},
		{"package fragment\nfunc _() error {\n", "\nreturn nil\n}\n"},
	} {
		file, problem := parser.ParseFile(fset, b.path, shape.before+line+b.body+shape.after, parser.SkipObjectResolution)
		if problem != nil {
			err = problem
			continue
		}
		names, problem := parser.ParseFile(fset, "prelude of "+b.path, "package fragment\n"+given+b.prelude, parser.SkipObjectResolution)
		if problem != nil {
			return nil, fmt.Errorf("%s:%d: the comment before the block: %w", b.path, b.line, problem)
		}
		s := &source{block: b, files: []*ast.File{file, names}}
		for _, f := range s.files {
			addImports(f)
			s.imports = append(s.imports, importsOf(f)...)
		}
		return s, nil
	}
	return nil, err
}

// addImports imports the known packages that the file seems to use.
func addImports(f *ast.File) {
	used := make(map[string]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && known[x.Name] != "" {
				used[known[x.Name]] = true
			}
		}
		return true
	})
	for p := range used {
		spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: fmt.Sprintf("%q", p)}}
		f.Imports = append(f.Imports, spec)
		f.Decls = slices.Insert(f.Decls, 0, ast.Decl(&ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{spec}}))
	}
}

func importsOf(f *ast.File) (paths []string) {
	for _, spec := range f.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// exports compiles packages as the module in dir sees them, with what they
// need, and returns the files of export data.
func exports(dir string, paths []string) (map[string]string, error) {
	command := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, paths...)...)
	command.Dir = dir
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w\n%s", dir, err, &problems)
	}
	files := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		if p, file, found := strings.Cut(strings.TrimSpace(line), "\t"); found {
			files[p] = file
		}
	}
	return files, nil
}

// compile type-checks blocks as parts of the module in dir. It returns an
// error for each mistake.
func compile(dir string, blocks []block) (mistakes []error) {
	fset := token.NewFileSet()
	var sources []*source
	paths := make(map[string]bool)
	for _, b := range blocks {
		s, err := parse(fset, b)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		sources = append(sources, s)
		for _, p := range s.imports {
			paths[p] = true
		}
	}
	files, err := exports(dir, slices.Sorted(maps.Keys(paths)))
	if err != nil {
		return append(mistakes, err)
	}
	imports := importer.ForCompiler(fset, "gc", func(p string) (io.ReadCloser, error) { return os.Open(files[p]) })
	for _, s := range sources {
		config := types.Config{Importer: imports, Error: func(err error) {
			// What a fragment declares may be for the reader to use.
			var problem types.Error
			if errors.As(err, &problem) && problem.Soft && !s.complete {
				return
			}
			mistakes = append(mistakes, err)
		}}
		config.Check("block", fset, s.files, nil)
	}
	return mistakes
}

// moduleOf returns the directory of the module that a file belongs to.
func moduleOf(file string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if _, err := os.Stat(filepath.Join(root, dir, "go.mod")); err == nil || dir == "." {
			return filepath.Join(root, dir)
		}
	}
}

// madeFor says on a page which nested module has what its blocks need.
var madeFor = regexp.MustCompile(`(?m)^<!-- module: (\S+) -->$`)

func TestEveryGoBlockCompiles(t *testing.T) {
	t.Parallel()
	byModule, n := make(map[string][]block), 0
	for _, p := range pages(t) {
		dir := moduleOf(p.path)
		if m := madeFor.FindStringSubmatch(p.text); m != nil {
			dir = filepath.Join(root, m[1])
		}
		for _, b := range p.blocks() {
			if b.language == "go" {
				byModule[dir] = append(byModule[dir], b)
				n++
			}
		}
	}
	for dir, blocks := range byModule {
		for _, err := range compile(dir, blocks) {
			t.Error(err)
		}
		for _, b := range blocks {
			if formatted, err := format.Source([]byte(b.body)); err == nil && string(formatted) != b.body {
				t.Errorf("%s:%d: the block is not as gofmt would have it:\n%s", b.path, b.line, formatted)
			}
		}
	}
	t.Logf("%d Go blocks", n)
}

func TestNoGoIsHiddenFromTheCompiler(t *testing.T) {
	t.Parallel()
	for _, p := range pages(t) {
		for _, b := range p.blocks() {
			switch b.language {
			case "go", "sh", "ts", "json", "diff":
			case "console", "yaml": // those of the command line, which the tests of cmd/kirim run
				if !slices.Contains([]string{"docs/cli.md", "docs/inspector.md", "docs/templates.md"}, b.path) {
					t.Errorf("%s:%d: nothing checks blocks of %q here", b.path, b.line, b.language)
				}
			case "", "text":
				if strings.Contains(b.body, ":=") || strings.Contains(b.body, "func ") {
					t.Errorf("%s:%d: this looks like Go; mark the block so", b.path, b.line)
				}
			default:
				t.Errorf("%s:%d: nothing checks blocks of %q", b.path, b.line, b.language)
			}
		}
	}
}

func TestABrokenBlockIsNoticed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, prelude, mistake string }{
		"a whole program is fine":              {"package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n", "", ""},
		"a fragment of statements is fine":     {"sent, err := messages.Send(ctx, message)\n", "", ""},
		"a fragment of declarations is fine":   {"func f(t *testing.T) { kirimtest.Start(t) }\n", "", ""},
		"what the comment declares is known":   {"queue <- message.To\n", "var queue chan<- string", ""},
		"a wrong name":                         {"messages.Sent(ctx, message)\n", "", "x.md:9:10: messages.Sent undefined"},
		"a wrong field":                        {"_ = kirim.Text{Text: \"hi\"}\n", "", "x.md:9:16: unknown field Text"},
		"a wrong type":                         {"var n int = message.To\n", "", "x.md:9:13: cannot use message.To"},
		"too few results":                      {"sent := messages.Send(ctx, message)\n_ = sent\n", "", "x.md:9:9: assignment mismatch"},
		"an unknown name":                      {"\nqueue <- 1\n", "", "x.md:10:1: undefined: queue"},
		"a syntax error":                       {"if {\n", "", "x.md:9:4: "},
		"an unused variable of a program":      {"package main\n\nfunc main() { x := 1 }\n", "", "x.md:11:15: declared and not used: x"},
		"an import that does not exist":        {"package p\n\nimport \"github.com/kirim-go/kirim/nowhere\"\n\nvar _ = nowhere.X\n", "", "nowhere"},
		"a comment that is no Go":              {"_ = ctx\n", "var queue =", "the comment before the block"},
		"a missing return of a function in it": {"func f() int { println() }\n", "", "x.md:9:26: missing return"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mistakes := fmt.Sprint(compile(root, []block{{"x.md", 9, "go", test.prelude, test.body}}))
			if test.mistake == "" && mistakes != "[]" || !strings.Contains(mistakes, test.mistake) {
				t.Errorf("found %s, not %q", mistakes, test.mistake)
			}
		})
	}
}

func TestThePackageDocBeginsWithTheProgramOfTheReadme(t *testing.T) {
	t.Parallel()
	var readme string
	for _, p := range pages(t) {
		if p.path != "README.md" {
			continue
		}
		for _, b := range p.blocks() {
			if readme == "" && b.language == "go" {
				readme = b.body
			}
		}
	}
	doc, err := os.ReadFile(root + "/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var program strings.Builder
	for line := range strings.Lines(readme) {
		program.WriteString(strings.TrimRight("//\t"+line, "\t\n") + "\n")
	}
	if readme == "" || !strings.Contains(string(doc), program.String()) {
		t.Errorf("doc.go does not have this:\n%s", &program)
	}
}
