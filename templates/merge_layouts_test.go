package templates

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// layouts are ways to write the same file, with a comment on each line that can have
// one.
var layouts = map[string]func(f *File) string{
	"in blocks": func(f *File) string { return withComments(string(f.YAML()), true) },
	"in blocks, spaced": func(f *File) string {
		return strings.ReplaceAll(withComments(string(f.YAML()), true), "\n    # ", "\n\n    # ")
	},
	"in blocks, with returns": func(f *File) string {
		return strings.ReplaceAll(withComments(string(f.YAML()), true), "\n", "\r\n")
	},
	"in blocks, with a byte order mark": func(f *File) string { return "\ufeff" + withComments(string(f.YAML()), false) },
	"in blocks, without a last line end": func(f *File) string {
		return strings.TrimSuffix(withComments(string(f.YAML()), false), "\n")
	},
	"in a document with marks":       func(f *File) string { return "# the top\n---\n" + withComments(string(f.YAML()), true) + "...\n" },
	"lists at the column of the key": func(f *File) string { return outdented(string(f.YAML())) },
	"in brackets on lines":           func(f *File) string { return withComments(string(f.JSON()), false) },
	"in brackets on one line":        func(f *File) string { return "# the top\n" + inlineText(f.tree(), false) + " # the end\n" },
}

// withComments appends a comment to each line, and has one above each where asked for.
func withComments(text string, above bool) string {
	var b strings.Builder
	block := -1 // the indentation of the line that begins a text on lines of its own
	for i, line := range strings.SplitAfter(text, "\n") {
		line = strings.TrimSuffix(line, "\n")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case line == "" && block < 0:
			continue
		case block >= 0 && (line == "" || indent > block):
			fmt.Fprintln(&b, line)
			continue
		}
		block = -1
		if strings.HasSuffix(line, " |") || strings.HasSuffix(line, " |-") {
			block = indent
		}
		if above {
			fmt.Fprintf(&b, "%s# above line %d\n", strings.Repeat(" ", indent), i)
		}
		if strings.Contains(line, markComment) {
			fmt.Fprintln(&b, line)
			continue
		}
		fmt.Fprintf(&b, "%s # beside line %d\n", line, i)
	}
	return b.String()
}

// outdented writes the lists of buttons and cards of a language at the column of their
// keys.
func outdented(text string) string {
	var b strings.Builder
	inList := false
	for line := range strings.Lines(text) {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if strings.TrimSpace(line) != "" && indent <= 4 {
			inList = line == "    buttons:\n" || line == "    cards:\n"
		}
		if inList && indent > 4 {
			line = line[2:]
		}
		b.WriteString(line)
	}
	return withComments(b.String(), false)
}

func TestAnyFileTakesWhatAnAccountHas(t *testing.T) {
	t.Parallel()
	var remotes []*Remote
	for _, params := range append(metaDefinitions(t), richDefinitions()...) {
		remotes = append(remotes, approved(params))
	}
	files, accounts := FromRemotes(remotes), groups(remotes)
	const most = 2 // accounts for each file
	for layout, write := range layouts {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			inPlace, all := 0, 0
			for i, f := range files {
				text := write(f)
				old, err := Parse("a.yaml", []byte(text))
				if err != nil {
					t.Fatalf("%v\n%s", err, text)
				}
				if !bytes.Equal(old.YAML(), f.YAML()) {
					t.Fatalf("%s is not\n%s", text, f.YAML())
				}
				for j := range most {
					account := accounts[(i+7*j+1)%len(files)]
					if account[0].Name == f.Name {
						continue
					}
					merged, isChanged := fileOf(old, account)
					merged.path = old.path
					if len(isChanged) == 0 {
						continue
					}
					result, err := merge(old, merged) // it confirms that the comments are there
					if err != nil {
						t.Fatalf("%s with %s: %v\n%s", f.Name, account[0].Name, err, text)
					}
					again, err := Parse("a.yaml", result)
					if err != nil {
						t.Fatal(err)
					}
					for _, r := range account {
						if !statementOf(r).agrees(again, again.Language(r.Language)) {
							t.Errorf("%s with %s (%s) is\n%s", f.Name, account[0].Name, r.Language, result)
						}
					}
					if n, m := strings.Count(string(result), "\r\n"), strings.Count(string(result), "\n"); n > 0 && n != m || n > 0 != strings.Contains(text, "\r\n") {
						t.Errorf("%d of %d lines end in returns", n, m)
					}
					if strings.HasPrefix(text, "\ufeff") != strings.HasPrefix(string(result), "\ufeff") {
						t.Error("the byte order mark has changed")
					}
					plain, _ := plainText(old.content)
					source, err := Parse(old.path, plain)
					if err != nil {
						t.Fatal(err)
					}
					if text, err := spliced(source, merged.tree()); err == nil && confirm(text, merged, nil) == nil {
						inPlace++
					}
					all++
				}
			}
			t.Logf("%d of %d changed in place", inPlace, all)
			if all < 50 || !strings.HasPrefix(layout, "in brackets") && inPlace < all*98/100 {
				t.Errorf("%d of %d changed in place", inPlace, all)
			}
		})
	}
}
