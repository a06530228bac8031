package templates

import (
	"errors"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/kirimtest"
)

// Load gives a sandbox the templates of the files of a directory, as [Read] reads them:
// approved, in all their languages. They replace those of the same name and language.
//
//	sandbox := kirimtest.Start(t)
//	if err := templates.Load(sandbox, "templates"); err != nil {
//		t.Fatal(err)
//	}
//	sandbox.SetTemplateStatus("winter_sale", kirimtest.TemplatePaused) // another state
//
// What is wrong is said with file, line and column, and then nothing is loaded. The
// rules of Meta are not checked: that is what Lint does. A template of which the account
// did not say the text cannot be loaded.
func Load(server *kirimtest.Server, dir string) error {
	files, err := Read(dir)
	if err != nil {
		return err
	}
	return LoadFiles(server, files...)
}

// LoadFiles is [Load] for files that were read before, for example by [Parse] from an
// [embed.FS].
func LoadFiles(server *kirimtest.Server, files ...*File) error {
	var load []kirimtest.Template
	var wrong []error
	seen := make(map[[2]string]*File)
	for _, f := range files {
		if f == nil {
			continue
		}
		faults := f.incomplete()
		for i := range f.Languages {
			l := &f.Languages[i]
			id := [2]string{f.Name, l.Code}
			if first := seen[id]; first != nil {
				at := childPath("languages", l.Code)
				faults = append(faults, Fault{f.Position(at), at, "the template exists in this language in " + first.path + ", too"})
			}
			seen[id] = f
			params := f.Params(l)
			load = append(load, kirimtest.Template{
				Name: params.Name, Language: params.Language, Category: string(params.Category),
				ParameterFormat: string(params.ParameterFormat), Components: mustMarshal(params.Components), TTLSeconds: params.TTLSeconds,
			})
		}
		if len(faults) > 0 {
			wrong = append(wrong, &SyntaxError{Path: f.path, Faults: faults})
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	for _, t := range load {
		server.AddTemplate(t)
	}
	return nil
}

// incomplete returns what is missing of what each template has.
func (f *File) incomplete() (faults []Fault) {
	fault := func(path, message string) { faults = append(faults, Fault{f.Position(path), path, message}) }
	if f.Name == "" {
		fault("name", "want a name")
	}
	if len(f.Languages) == 0 {
		fault("languages", "want at least one language")
	}
	for i := range f.Languages {
		l := &f.Languages[i]
		at := childPath("languages", l.Code)
		if l.Code == "" {
			fault("languages", "want the code of the language, such as en")
		}
		if f.category(l) != kirim.TemplateAuthentication && l.Body == "" && len(l.Components) == 0 {
			fault(at, "want a body")
		}
	}
	return faults
}
