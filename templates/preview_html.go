package templates

import (
	"embed"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
)

//go:embed preview.gohtml
var previewPage embed.FS

var previewTemplate = template.Must(template.ParseFS(previewPage, "preview.gohtml"))

// previewed is a template on the page of the previews.
type previewed struct {
	File      *File
	Category  string
	Languages []previewedLanguage
}

type previewedLanguage struct {
	Code, Direction string
	Category        string // where it differs from that of the file
	Bubble          template.HTML
	Problem         string // in place of a bubble
	Unknown         string
}

// PreviewHTML writes one page with the previews of all files, in all their languages,
// with their samples. The page loads nothing: it has its styles in it, no scripts, and in
// place of the media of headers their links.
func PreviewHTML(w io.Writer, files []*File) error {
	var list []previewed
	for _, f := range files {
		if f == nil {
			continue
		}
		shown := previewed{File: f, Category: strings.ToLower(string(f.Category))}
		for i := range f.Languages {
			shown.Languages = append(shown.Languages, f.previewLanguage(&f.Languages[i]))
		}
		list = append(list, shown)
	}
	return previewTemplate.Execute(w, list)
}

func (f *File) previewLanguage(l *Language) previewedLanguage {
	shown := previewedLanguage{Code: l.Code, Direction: "ltr"}
	language, _, _ := strings.Cut(l.Code, "_")
	if slices.Contains([]string{"ar", "he", "fa", "ur"}, language) {
		shown.Direction = "rtl"
	}
	if l.Category != f.Category {
		shown.Category = strings.ToLower(string(l.Category))
	}
	for i, u := range l.Unknown {
		if i > 0 {
			shown.Unknown += ", "
		}
		shown.Unknown += string(u)
	}
	p, err := f.Preview(l.Code, nil)
	if err != nil {
		shown.Problem = strings.TrimPrefix(err.Error(), "templates: "+f.Name+" in "+l.Code+": ")
		return shown
	}
	withoutLoads(&p)
	shown.Bubble = template.HTML(p.HTML()) //nolint:gosec // TemplatePreview.HTML escapes all texts
	return shown
}

// withoutLoads shows links to media as text, so that the page loads none.
func withoutLoads(p *kirim.TemplatePreview) {
	if h := p.Header; h != nil && h.Link != "" {
		h.Filename, h.Link = h.Link, ""
	}
	for i := range p.Cards {
		withoutLoads(&p.Cards[i])
	}
}
