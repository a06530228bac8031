package templates

import (
	"errors"
	"slices"
)

// LintPaths is [Lint] of the files at the paths, each a file or a directory as [Read]
// takes it. A file that is not of the form of a template is among the findings, and not
// among the files. The error joins what cannot be read.
func LintPaths(paths ...string) (files []*File, findings []Finding, err error) {
	for _, path := range paths {
		found, failed, err2 := readPath(path)
		files = append(files, found...)
		err = errors.Join(err, err2)
		for _, u := range failed {
			if syntax, ok := errors.AsType[*SyntaxError](u.err); ok {
				findings = append(findings, syntax.Findings()...)
				continue
			}
			err = errors.Join(err, u.err)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	findings = slices.Concat(findings, Lint(files...))
	sortFindings(findings)
	return files, findings, nil
}

// readPath reads a file, or the files of a directory, as readAll does.
func readPath(path string) (files []*File, failed []unread, err error) {
	text, err := readFile(path)
	switch {
	case errors.Is(err, errIsDirectory):
		return readAll(path)
	case err != nil:
		return nil, nil, err
	}
	f, fault := Parse(path, text)
	if fault != nil {
		return nil, []unread{{path: path, err: fault}}, nil //nolint:nilerr // it is among what is returned
	}
	return []*File{f}, nil, nil
}
