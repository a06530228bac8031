package check

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// page is a Markdown file. Its path is relative to the root, with slashes.
type page struct {
	path, text string
}

// block is what stands between two fences.
type block struct {
	path     string
	line     int // of the first line of the body
	language string
	prelude  string // of the comment before it
	body     string
}

var (
	fence = regexp.MustCompile("^( *)(```+)([a-zA-Z]*) *$")
	span  = regexp.MustCompile("`[^`\n]+`")
)

// pages returns all Markdown files of the repository.
func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	walk(t, ".md", func(path, text string) { found = append(found, page{path, text}) })
	if len(found) < 4 {
		t.Fatalf("only %d Markdown files", len(found))
	}
	return found
}

// walk visits the files of the repository that have the extension.
func walk(t *testing.T, extension string, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != extension:
			return nil
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		visit(filepath.ToSlash(rel), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// blocks returns what stands between fences.
func (p page) blocks() []block {
	var found []block
	lines := strings.Split(p.text, "\n")
	for i := 0; i < len(lines); i++ {
		open := fence.FindStringSubmatch(lines[i])
		if open == nil {
			continue
		}
		b := block{path: p.path, line: i + 2, language: open[3]}
		before := strings.TrimSpace(strings.Join(lines[:i], "\n"))
		if from := strings.LastIndex(before, "<!-- go: "); from >= 0 && strings.Index(before[from:], "-->") == len(before)-from-3 {
			b.prelude = before[from+len("<!-- go: ") : len(before)-3]
		}
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != open[2]; i++ {
			b.body += strings.TrimPrefix(lines[i], open[1]) + "\n"
		}
		found = append(found, b)
	}
	return found
}

// prose returns the text without its blocks, which are left as empty lines.
func (p page) prose() string {
	lines := strings.Split(p.text, "\n")
	for _, b := range p.blocks() {
		for i := b.line - 2; i < min(b.line+strings.Count(b.body, "\n"), len(lines)); i++ {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

var heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)

// anchors returns what a link into the page can name, by GitHub's rule.
func (p page) anchors() map[string]bool {
	found := make(map[string]bool)
	for _, m := range heading.FindAllStringSubmatch(p.prose(), -1) {
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= 0x80 && r != '–' && r != '—' && r != '¹',
				r >= 'a' && r <= 'z', r >= '0' && r <= '9':
				return r
			}
			return -1
		}, strings.ToLower(m[1]))
		found[slug] = true
	}
	return found
}
