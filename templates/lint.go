package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Severity is how bad a [Finding] is.
type Severity string

// Severities.
const (
	// SeverityError is against a rule that a page documents: Meta or Kirim refuses the
	// template, or this package cannot push it.
	SeverityError Severity = "error"
	// SeverityWarning is against advice, or against a rule that is assumed.
	SeverityWarning Severity = "warning"
)

// Rule is a rule of [Lint]. [Rules] lists all.
type Rule struct {
	ID       string // such as body-length
	Severity Severity
	Summary  string // what is wrong with a template that breaks it
	Docs     string // URL of the page that has the rule; empty for some warnings
	Assumed  bool   // whether no page says so exactly, or pages contradict each other
}

// Rules returns all rules, in the order of the documentation.
func Rules() []Rule { return slices.Clone(rules) }

// Finding is a place in a file that breaks a rule.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Path     string   `json:"path"` // of the file; empty for one that was not parsed
	Position          // the zero value for a file that was not parsed
	Field    string   `json:"field"`              // such as languages.id.body; empty for the whole file
	Language string   `json:"language,omitempty"` // empty for what is not of one language
	Message  string   `json:"message"`
	Docs     string   `json:"docs,omitempty"` // of the rule
}

// Lint returns what is wrong with the files, by file, line and column. It needs no
// network, reads nothing but its arguments, and is safe for concurrent use. Rules that
// compare files, such as that two have the same name, see the files of one call.
func Lint(files ...*File) []Finding {
	l := &linter{seen: make(map[Finding]bool)}
	files = slices.DeleteFunc(slices.Clone(files), func(f *File) bool { return f == nil })
	models := make([]*fileModel, len(files))
	for i, f := range files {
		l.file = f
		models[i] = l.model(f)
		l.checkFile(models[i])
		l.checkLanguages(models[i])
	}
	l.checkAcross(models)
	sortFindings(l.findings)
	return l.findings
}

// CountErrors returns how many of the findings are errors.
func CountErrors(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if f.Severity == SeverityError {
			n++
		}
	}
	return n
}

// Findings returns the faults as findings against the rule syntax.
func (e *SyntaxError) Findings() []Finding {
	rule := rulesByID["syntax"]
	findings := make([]Finding, len(e.Faults))
	for i, f := range e.Faults {
		message := f.Message
		if f.Field != "" {
			message = f.Field + ": " + message
		}
		findings[i] = Finding{
			Rule: rule.ID, Severity: rule.Severity, Path: e.Path, Position: f.Position, Field: f.Field,
			Language: languageOf(f.Field), Message: onOneLine(message), Docs: rule.Docs,
		}
	}
	sortFindings(findings)
	return findings
}

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), a.Line-b.Line, a.Column-b.Column,
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Field, b.Field))
	})
}

// languageOf returns the code of the language that a field belongs to.
func languageOf(field string) string {
	rest, found := strings.CutPrefix(field, "languages.")
	if !found {
		return ""
	}
	code, _, _ := strings.Cut(rest, ".")
	return code
}

// linter collects findings.
type linter struct {
	file     *File // that is looked at
	findings []Finding
	seen     map[Finding]bool
}

// report adds a finding about the value at a path.
func (l *linter) report(rule, path, format string, args ...any) {
	l.add(rule, path, l.file.Position(path), format, args...)
}

// reportIn adds a finding about a place in a text.
func (l *linter) reportIn(rule string, t *text, offset int, format string, args ...any) {
	at := l.file.positionIn(t.path, offset)
	l.add(rule, t.path, at, format, args...)
}

func (l *linter) add(id, path string, at Position, format string, args ...any) {
	rule := rulesByID[id]
	f := Finding{
		Rule: id, Severity: rule.Severity, Path: l.file.Path(), Position: at, Field: path, Language: languageOf(path),
		Message: onOneLine(fmt.Sprintf(format, args...)), Docs: rule.Docs,
	}
	if !l.seen[f] { // languages share what the file says once for all of them
		l.seen[f] = true
		l.findings = append(l.findings, f)
	}
}

// onOneLine replaces the control characters that a name in a message may have.
func onOneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
