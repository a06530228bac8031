package templates

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	_ "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif" // for its schema
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// broken is a file with two errors and a warning, of which one is behind letters of
// two bytes.
const broken = `name: order_update
category: utility
languages:
  en: {body: Thank you., footer: "Äöü 👋 {{name}}"}
  xx: {components: [{type: footer, text: Bye}]}
`

func brokenFindings(t *testing.T, path string) []Finding {
	t.Helper()
	f, err := Parse(path, []byte(broken))
	if err != nil {
		t.Fatal(err)
	}
	return Lint(f)
}

func TestFindingsAreWrittenAsLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := WriteText(&b, brokenFindings(t, "templates/order update.yaml")); err != nil {
		t.Fatal(err)
	}
	want := `templates/order update.yaml:4:34: warning: want no newlines and no emojis in a footer (footer-characters)
templates/order update.yaml:4:41: error: a footer has no variables (footer-variable)
templates/order update.yaml:5:7: error: want a body (body-missing)
templates/order update.yaml:5:7: warning: Meta does not list this language code; it lists codes such as id, en and en_US (language-code)
`
	if b.String() != want {
		t.Errorf("wrote\n%swant\n%s", b.String(), want)
	}
}

func TestFindingsOfAFileMadeInAProgramHaveNoPlace(t *testing.T) {
	t.Parallel()
	findings := Lint(nil, &File{Name: "a", Category: "UTILITY", Languages: Languages{{Code: "en"}}}, nil)
	var b bytes.Buffer
	if err := WriteText(&b, findings); err != nil || b.String() != "error: want a body (body-missing)\n" {
		t.Errorf("wrote %q, %v", b.String(), err)
	}
	want := Finding{
		Rule: "body-missing", Severity: SeverityError, Field: "languages.en.body", Language: "en", Message: "want a body",
		Docs: "https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components",
	}
	if len(findings) != 1 || findings[0] != want || CountErrors(findings) != 1 {
		t.Errorf("found %+v", findings)
	}
	checkSARIF(t, findings)
}

func TestFindingsAreWrittenAsJSON(t *testing.T) {
	t.Parallel()
	findings := brokenFindings(t, "order_update.yaml")
	var b bytes.Buffer
	if err := WriteJSON(&b, findings); err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(b.String(), "\n")
	if want := `{"rule":"footer-characters","severity":"warning","path":"order_update.yaml","line":4,"column":34,"field":"languages.en.footer",` +
		`"language":"en","message":"want no newlines and no emojis in a footer"}`; line != want {
		t.Errorf("wrote %s\nwant %s", line, want)
	}
	decoder := json.NewDecoder(&b)
	for i, want := range findings {
		var got Finding
		if err := decoder.Decode(&got); err != nil || got != want {
			t.Errorf("finding %d came back as %+v, %v", i, got, err)
		}
	}
	if decoder.More() || CountErrors(findings) != 2 {
		t.Errorf("%d errors", CountErrors(findings))
	}
}

func TestFaultsOfSyntaxAreFindings(t *testing.T) {
	t.Parallel()
	_, err := Parse("a.yaml", []byte("name: [a]\nlanguages: {en: {body: Hi, buttons: 1}}"))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteText(&b, syntax.Findings()); err != nil {
		t.Fatal(err)
	}
	want := "a.yaml:1:7: error: name: want a text, got a list of 1 (syntax)\n" +
		"a.yaml:2:37: error: languages.en.buttons: want a list, got a number (syntax)\n"
	if b.String() != want {
		t.Errorf("wrote\n%swant\n%s", b.String(), want)
	}
	if f := syntax.Findings()[1]; f.Language != "en" || f.Severity != SeverityError || f.Docs == "" {
		t.Errorf("%+v", f)
	}
	checkSARIF(t, syntax.Findings())
}

// sarifSchema is the schema of SARIF 2.1.0, which a module for SARIF has in its source.
var sarifSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		return nil, err
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && len(literal.Value) > len(text) {
			text = literal.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("sarif.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("sarif.json")
})

// checkSARIF validates what is written against the schema of SARIF 2.1.0, and returns
// the run.
func checkSARIF(t *testing.T, findings []Finding) sarifRun {
	t.Helper()
	schema, err := sarifSchema()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteSARIF(&b, findings, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(document); err != nil {
		t.Error(err)
	}
	var log sarifLog
	if err := json.Unmarshal(b.Bytes(), &log); err != nil || len(log.Runs) != 1 {
		t.Fatal(err)
	}
	return log.Runs[0]
}

func TestFindingsAreWrittenAsSARIF(t *testing.T) {
	t.Parallel()
	run := checkSARIF(t, brokenFindings(t, "templates/order update.yaml"))
	if run.ColumnKind != "unicodeCodePoints" || len(run.Tool.Driver.Rules) != len(Rules()) || len(run.Results) != 4 {
		t.Errorf("columns in %s, %d rules, %d results", run.ColumnKind, len(run.Tool.Driver.Rules), len(run.Results))
	}
	result := run.Results[1]
	at := result.Locations[0].Physical
	if at.Artifact.URI != "templates/order%20update.yaml" || *at.Region != (sarifRegion{4, 41}) {
		t.Errorf("at %s %+v", at.Artifact.URI, *at.Region)
	}
	rule := run.Tool.Driver.Rules[result.RuleIndex]
	if rule.ID != "footer-variable" || result.RuleID != rule.ID || result.Level != "error" || rule.HelpURI != docsComponents {
		t.Errorf("%+v is of the rule %+v", result, rule)
	}
	if none := checkSARIF(t, nil); none.Results == nil || len(none.Results) != 0 {
		t.Error("no findings are not an empty list, which says that the run had none")
	}
	if stranger := checkSARIF(t, []Finding{{Rule: "of-tomorrow", Severity: SeverityError, Path: "a.yaml"}}); stranger.Results[0].RuleIndex != -1 {
		t.Errorf("a rule that is not known has the index %d", stranger.Results[0].RuleIndex)
	}
}

func TestThePathOfAFileIsAURI(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"a.yaml": "a.yaml", "x/a b#c%.yaml": "x/a%20b%23c%25.yaml", "a:b.yaml": "./a:b.yaml", "../a.yaml": "../a.yaml",
		"/srv/a.yaml": "file:///srv/a.yaml", "ä.yaml": "%C3%A4.yaml",
	} {
		if got := fileURI(path); got != want {
			t.Errorf("%s is %s, not %s", path, got, want)
		}
	}
}

// full is a writer that takes no more.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

func TestAWriterThatFailsIsReported(t *testing.T) {
	t.Parallel()
	findings := brokenFindings(t, "a.yaml")
	for name, err := range map[string]error{
		"text": WriteText(full{}, findings), "JSON": WriteJSON(full{}, findings), "SARIF": WriteSARIF(full{}, findings, ""),
	} {
		if err == nil || err.Error() != "the disk is full" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFindingIsOneLineWhateverNamesTheFileHas(t *testing.T) {
	t.Parallel()
	f, err := Parse("a.yaml", []byte(`{name: a, category: utility, languages: {"x\ny": {body: Hi., samples: {"b\e[31m\nc": d}}, `+
		`en: {body: Hello., buttons: [{type: "u\nv", text: A}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	findings := Lint(f)
	var b bytes.Buffer
	if err := WriteText(&b, findings); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != len(findings) || n != 4 || strings.Contains(b.String(), "\x1b") {
		t.Errorf("%d findings in %d lines: %q", len(findings), n, b.String())
	}
	checkSARIF(t, findings)
}
