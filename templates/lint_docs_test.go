package templates

import (
	"flag"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
)

var updateRules = flag.Bool("update-rules", false, "write docs/template-rules.md instead of comparing it")

// rulesPage is docs/template-rules.md.
func rulesPage() string {
	var b strings.Builder
	errors := 0
	for _, r := range Rules() {
		if r.Severity == SeverityError {
			errors++
		}
	}
	fmt.Fprintf(&b, `<!-- Generated from templates/lint_rules.go by go generate in templates; do not edit. -->

# Rules for templates

What `+"`templates.Lint`"+` checks in [files of templates](../templates): %d rules, of which %d are errors. The source is the page that has the
rule, of Meta, of Kirim, or of this package for the form of its files. An error is against a rule that such a page documents. A warning is
advice, or against a rule that is *assumed*: no page says it exactly, or two pages contradict each other. Meta counts characters without saying
what they are; here they are Unicode code points, of the text as the account gets it.

| Rule | Severity | What it finds | Source |
|---|---|---|---|
`, len(Rules()), errors)
	for _, r := range Rules() {
		source := "none"
		if r.Docs != "" {
			source = fmt.Sprintf("[%s](%s)", strings.TrimSuffix(path.Base(r.Docs), "#File"), r.Docs)
		}
		if r.Assumed {
			source += ", assumed"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.ID, r.Severity, r.Summary, source)
	}
	return b.String()
}

func TestThePageOfTheRulesIsTrue(t *testing.T) {
	t.Parallel()
	const file = "../docs/template-rules.md"
	if *updateRules {
		if err := os.WriteFile(file, []byte(rulesPage()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil || string(got) != rulesPage() {
		t.Errorf("docs/template-rules.md is not what the rules say; run go generate . in templates (%v)", err)
	}
}
