package check

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	inlineLink = regexp.MustCompile(`\]\(([^)\s]+)[^)]*\)`)
	attribute  = regexp.MustCompile(`(?:src|srcset|href)="([^"\s]+)"`)
	elsewhere  = regexp.MustCompile(`^[a-z]+:`)
)

// brokenLinks returns a line for each link of the page that leads nowhere.
// Links to other sites are not looked at.
func (p page) brokenLinks(all map[string]page) (broken []string) {
	text := span.ReplaceAllString(p.prose(), "")
	for _, m := range append(inlineLink.FindAllStringSubmatch(text, -1), attribute.FindAllStringSubmatch(text, -1)...) {
		target := m[1]
		if elsewhere.MatchString(target) {
			continue
		}
		file, anchor, _ := strings.Cut(target, "#")
		to := p.path
		if file != "" {
			to = path.Join(path.Dir(p.path), file)
		}
		if _, err := os.Stat(filepath.Join(root, to)); err != nil && all[to].path == "" {
			broken = append(broken, fmt.Sprintf("%s: %s: there is no such file", p.path, target))
		} else if anchor != "" && !all[to].anchors()[anchor] {
			broken = append(broken, fmt.Sprintf("%s: %s: there is no such heading", p.path, target))
		}
	}
	return broken
}

func TestNoLinkBetweenFilesIsBroken(t *testing.T) {
	t.Parallel()
	all, n := make(map[string]page), 0
	for _, p := range pages(t) {
		all[p.path] = p
		n += len(inlineLink.FindAllString(p.prose(), -1))
	}
	for _, p := range all {
		for _, line := range p.brokenLinks(all) {
			t.Error(line)
		}
	}
	t.Logf("%d links", n)
}

func TestABrokenLinkIsNoticed(t *testing.T) {
	t.Parallel()
	all := map[string]page{"docs/other.md": {"docs/other.md", "# The `Big` title, 2nd\n\n```sh\n# no heading\n```\n"}}
	for text, want := range map[string]string{
		"[a](../go.mod) [b](https://example.com/x) [c](other.md)": "",
		"[a](other.md#the-big-title-2nd)":                         "",
		"`[a](nowhere.md)` and\n```text\n[b](nowhere.md)\n```\n":  "",
		"[a](nowhere.md)":                     "nowhere.md: there is no such file",
		"![a](nowhere.svg \"a title\")":       "nowhere.svg: there is no such file",
		"<img alt=\"a\" src=\"nowhere.svg\">": "nowhere.svg: there is no such file",
		"[a](other.md#no-heading)":            "other.md#no-heading: there is no such heading",
		"# A\n[a](#b)":                        "#b: there is no such heading",
	} {
		p := page{"docs/page.md", text}
		all[p.path] = p
		if got := strings.Join(p.brokenLinks(all), "; "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q: found %q, not %q", text, got, want)
		}
	}
}

// A path that is mentioned in a comment: below a directory of the repository,
// or a file of a kind that it has.
var (
	address   = regexp.MustCompile(`[a-z]*://\S+|\S*\.(?:com|org|me|dev)/\S*`)
	mentioned = regexp.MustCompile(`(?:^|[\s("'\x60./])((?:docs|examples|gateway|internal|contract|bench|fire|testdata)/[\w./-]*\w|\w+\.(?:go|md|yaml))\b`)
)

func TestPathsInCommentsExist(t *testing.T) {
	t.Parallel()
	names, n := make(map[string]bool), 0
	for _, extension := range []string{".go", ".md", ".yaml"} {
		walk(t, extension, func(p, _ string) { names[path.Base(p)] = true })
	}
	walk(t, ".go", func(file, text string) {
		if strings.HasPrefix(file, "docs/check/") {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range parsed.Comments {
			for _, m := range mentioned.FindAllStringSubmatch(address.ReplaceAllString(group.Text(), " "), -1) {
				n++
				_, fromRoot := os.Stat(filepath.Join(root, m[1]))
				_, fromFile := os.Stat(filepath.Join(root, path.Dir(file), m[1]))
				if fromRoot != nil && fromFile != nil && !names[m[1]] {
					t.Errorf("%s: a comment speaks of %s, which does not exist", file, m[1])
				}
			}
		}
	})
	if n < 10 {
		t.Errorf("only %d paths found", n)
	}
	t.Logf("%d paths", n)
}
