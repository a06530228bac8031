package templates

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// FuzzLint parses and lints any text. Whatever it is, each finding is of a known rule,
// in the file, and in order; and the writers take all of them.
func FuzzLint(f *testing.F) {
	for _, c := range lintCases(f) {
		for i, text := range c.texts {
			f.Add(filepath.Base(c.names[i]), []byte(text))
		}
	}
	f.Add("a.json", []byte(`{"name":"a","category":"utility","languages":{"en":{"components":[{"type":"body","text":"Hi {{1}}"}]}}}`))
	f.Add("a.yaml", []byte("name: a\nlanguages:\n  en:\n    body: |\n      {{a}}\n      é {{b}}{{\n    header: >\n      {{c}}\n"))
	f.Add("a.yaml", []byte("languages: {en: {components: [{type: header, example: 1}, [], {buttons: {}}, {type: carousel, cards: [{}, null, {components: [null]}]}]}}"))
	f.Add("a.yaml", []byte("languages: {a.b: , '': {header: , buttons: [{}], cards: [{}], unknown: [x]}}\nparameters: {'': , a.b: }\n"))
	f.Fuzz(func(t *testing.T, name string, text []byte) {
		file, err := Parse(name, text)
		var syntax *SyntaxError
		findings := []Finding(nil)
		switch {
		case errors.As(err, &syntax):
			findings = syntax.Findings()
		case err != nil:
			t.Fatal(err)
		default:
			findings = Lint(file, file)
		}
		lines := len(linesOf(text))
		for i, finding := range findings {
			rule, known := rulesByID[finding.Rule]
			if !known || rule.Severity != finding.Severity || finding.Message == "" || finding.Path != name {
				t.Errorf("%+v", finding)
			}
			if finding.Line < 1 || finding.Line > lines+1 || finding.Column < 1 {
				t.Errorf("in a file of %d lines: %+v", lines, finding)
			}
			if i > 0 && findings[i-1].Line > finding.Line {
				t.Errorf("%+v stands after line %d", finding, findings[i-1].Line)
			}
		}
		var b bytes.Buffer
		if WriteText(&b, findings) != nil || WriteJSON(&b, findings) != nil || WriteSARIF(&b, findings, "") != nil {
			t.Error("the findings cannot be written")
		}
		if file != nil && !slices.Equal(findings, Lint(file, file)) {
			t.Error("a second look finds something else")
		}
	})
}
