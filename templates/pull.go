package templates

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
)

// PullOptions choose what [Pull] writes. The zero value pulls all templates.
type PullOptions struct {
	// Names are the templates to pull; none means all.
	Names []string
	// Languages are the languages to pull, by their codes; none means all.
	Languages []string
	// JSON writes new files in JSON. A file that exists keeps its form.
	JSON bool
	// DryRun says what would happen and writes nothing.
	DryRun bool
}

// PullResult says what [Pull] did.
type PullResult struct {
	// Files are those of the templates that were pulled, and those that the account does
	// not have, sorted by the names of the templates.
	Files []PulledFile
}

// PulledFile is what [Pull] did to the file of a template.
type PulledFile struct {
	Path      string
	Name      string // of the template
	Change    PullChange
	Languages []PulledLanguage // in the order of the file
}

// PulledLanguage is what [Pull] did to one language of a file.
type PulledLanguage struct {
	Code   string
	Change PullChange
	// Unknown lists the marks that the language has in the file.
	Unknown []Unknown
}

// PullChange is what happened to a file or to a language of it.
type PullChange string

// What happens in a pull.
const (
	PullCreated   PullChange = "created"
	PullChanged   PullChange = "changed"
	PullUnchanged PullChange = "unchanged" // it says what the account has
	PullKept      PullChange = "kept"      // the account does not have it
)

// Pull brings the files of a directory up to date with an account, and creates the
// directory if there is none. A template without a file gets one with its name.
//
// A file that says what the account says stays as it is, byte for byte. In another one
// only what differs is changed: comments, blank lines, quotes and the order stay, and so
// do descriptions and the names of parameters, which a text of the account gets by their
// places. A comment on something that is removed moves to what was around it. Where that
// cannot be done, the whole file is written again, with its comments.
//
// What the account does not have stays: templates and languages are never removed, and
// neither are samples. What the account does not say is not compared, and is listed in
// the unknown of a language that has no file yet. A sample of media that is an upload or
// a path in the one, and a link in the other, is not compared either.
//
// A file that cannot be read or changed, and a template whose name cannot be that of a
// file, is an error; the others are pulled all the same, and the result has them. Each
// file is replaced as a whole. When ctx ends, the files that are left stay as they are.
func Pull(ctx context.Context, account Account, dir string, options PullOptions) (*PullResult, error) {
	remotes, err := account.List(ctx)
	if err != nil {
		return nil, err
	}
	files, failed, err := readAll(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	p := &puller{dir: dir, options: options, result: &PullResult{}, failed: failed, files: make(map[string][]*File)}
	for _, f := range files {
		p.files[f.Name] = append(p.files[f.Name], f)
	}
	remotes = slices.DeleteFunc(slices.Clone(remotes), func(r *Remote) bool {
		return r == nil || len(options.Names) > 0 && !slices.Contains(options.Names, r.Name) ||
			len(options.Languages) > 0 && !slices.Contains(options.Languages, r.Language)
	})
	var faults []error
	seen := make(map[string]bool)
	for _, group := range groups(remotes) {
		if err := context.Cause(ctx); err != nil {
			return p.result, errors.Join(append(faults, err)...)
		}
		seen[group[0].Name] = true
		if err := p.pull(group); err != nil {
			faults = append(faults, err)
		}
	}
	for _, f := range files {
		if !seen[f.Name] && (len(options.Names) == 0 || slices.Contains(options.Names, f.Name)) {
			seen[f.Name] = true
			p.report(f, f, PullKept, func(string) PullChange { return PullKept })
		}
	}
	for _, name := range options.Names {
		if !seen[name] {
			faults = append(faults, fmt.Errorf("templates: neither the account nor %s has a template %s", dir, quotedName(name)))
		}
	}
	slices.SortStableFunc(p.result.Files, func(a, b PulledFile) int { return cmp.Compare(a.Name, b.Name) })
	return p.result, errors.Join(faults...)
}

// puller is a pull that is under way.
type puller struct {
	dir     string
	options PullOptions
	result  *PullResult
	files   map[string][]*File // by the names of the templates
	failed  []unread
}

// pull brings one template into its file.
func (p *puller) pull(remotes []*Remote) error {
	name := remotes[0].Name
	if !templateName.MatchString(name) {
		return fmt.Errorf("templates: the account has a template %s; want lower-case letters, digits and underscores, at most 512", quotedName(name))
	}
	if remotes[0].Language == "" {
		return fmt.Errorf("templates: the account has a template %s without a language", name)
	}
	for _, u := range p.failed {
		if slices.Contains(u.names, name) {
			return u.err
		}
	}
	switch files := p.files[name]; len(files) {
	case 0:
		return p.create(name, remotes)
	case 1:
		return p.change(files[0], remotes)
	default:
		return twice(files[0], files[1])
	}
}

func (p *puller) create(name string, remotes []*Remote) error {
	f, _ := fileOf(&File{Name: name}, remotes)
	text, extension := f.YAML(), ".yaml"
	if p.options.JSON {
		text, extension = f.JSON(), ".json"
	}
	f.path = filepath.Join(p.dir, name+extension)
	if _, err := Parse(f.path, text); err != nil {
		return fmt.Errorf("templates: the template %s of the account cannot be a file: %w", name, err)
	}
	if !p.options.DryRun {
		if err := createFile(f.path, text); err != nil {
			return err
		}
	}
	p.report(f, f, PullCreated, func(string) PullChange { return PullCreated })
	return nil
}

func (p *puller) change(old *File, remotes []*Remote) error {
	f, isChanged := fileOf(old, remotes)
	f.path = old.path
	change := PullUnchanged
	if len(isChanged) > 0 {
		text, err := merge(old, f)
		if err != nil {
			return err
		}
		if !bytes.Equal(text, old.content) {
			change = PullChanged
		}
		if change == PullChanged && !p.options.DryRun {
			if err := replaceFile(p.dir, old.path, old.content, text); err != nil {
				return err
			}
		}
	}
	p.report(old, f, change, func(code string) PullChange {
		switch {
		case old.Language(code) == nil:
			return PullCreated
		case isChanged[code]:
			return PullChanged
		case slices.ContainsFunc(remotes, func(r *Remote) bool { return r.Language == code }):
			return PullUnchanged
		}
		return PullKept
	})
	return nil
}

// report appends what happened to a file.
func (p *puller) report(old, f *File, change PullChange, of func(code string) PullChange) {
	pulled := PulledFile{Path: f.path, Name: old.Name, Change: change}
	for _, l := range f.Languages {
		if len(p.options.Languages) == 0 || slices.Contains(p.options.Languages, l.Code) {
			pulled.Languages = append(pulled.Languages, PulledLanguage{l.Code, of(l.Code), l.Unknown})
		}
	}
	p.result.Files = append(p.result.Files, pulled)
}

// quotedName is a name of an account in quotes, shortened.
func quotedName(name string) string {
	const most = 60
	if runes := []rune(name); len(runes) > most {
		return fmt.Sprintf("%q… of %d characters", string(runes[:most]), len(runes))
	}
	return strconv.Quote(name)
}
