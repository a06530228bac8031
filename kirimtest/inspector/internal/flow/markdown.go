package flow

import (
	"html/template"
	"regexp"
	"strings"
)

var (
	strongForm = regexp.MustCompile(`\*\*([^*]+(?:\*[^*]+\*[^*]*)*)\*\*`)
	italicForm = regexp.MustCompile(`\*([^*]+)\*`)
	struckForm = regexp.MustCompile(`~~([^~]+)~~`)
	imageForm  = regexp.MustCompile(`!\[([^\]]*)\]\([^)]*\)`)
	linkForm   = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)
	itemForm   = regexp.MustCompile(`^(?:[-+]|([0-9]+)\.)\s+(.*)$`)
)

// markdown is a text in the part of Markdown that WhatsApp takes, as HTML: paragraphs,
// lists, bold, italic and struck, and in a RichText headings. A link is shown with its
// address, and leads nowhere; pictures are named; tables stay as they are written.
func markdown(text string, rich bool) template.HTML {
	var w strings.Builder
	list := "" // the element that is open
	end := func() {
		if list != "" {
			w.WriteString("</" + list + ">")
			list = ""
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		item := itemForm.FindStringSubmatch(line)
		switch {
		case line == "":
			end()
		case item != nil:
			kind := "ul"
			if item[1] != "" {
				kind = "ol"
			}
			if list != kind {
				end()
				list = kind
				w.WriteString("<" + kind + ">")
			}
			w.WriteString("<li>" + inline(item[2]) + "</li>")
		case rich && strings.HasPrefix(line, "# "):
			end()
			w.WriteString("<h3>" + inline(line[2:]) + "</h3>")
		case rich && strings.HasPrefix(line, "## "):
			end()
			w.WriteString("<h4>" + inline(line[3:]) + "</h4>")
		default:
			end()
			w.WriteString("<p>" + inline(strings.TrimLeft(line, "# ")) + "</p>")
		}
	}
	end()
	return template.HTML(w.String()) //nolint:gosec // inline escapes all texts
}

// inline escapes a line first, so that what follows finds nothing but text.
func inline(line string) string {
	line = template.HTMLEscapeString(line)
	line = imageForm.ReplaceAllString(line, "[picture: $1]")
	line = linkForm.ReplaceAllString(line, "<u>$1</u> ($2)")
	line = strongForm.ReplaceAllString(line, "<strong>$1</strong>")
	line = italicForm.ReplaceAllString(line, "<em>$1</em>")
	return struckForm.ReplaceAllString(line, "<s>$1</s>")
}
