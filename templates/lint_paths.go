package templates

import (
	"errors"
	"os"
	"slices"
)

// LintPaths is [Lint] of the files at the paths, each a file or a directory as [Read]
// takes it. A file that is not of the form of a template is among the findings, and not
// among the files. The error joins what cannot be read.
func LintPaths(paths ...string) (files []*File, findings []Finding, err error) {
	for _, path := range paths {
		found, faults, failed := readPath(path)
		files = append(files, found...)
		err = errors.Join(err, failed)
		for _, fault := range faults {
			var syntax *SyntaxError
			if errors.As(fault, &syntax) {
				findings = append(findings, syntax.Findings()...)
				continue
			}
			err = errors.Join(err, fault)
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
func readPath(path string) (files []*File, faults []error, err error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return readAll(path)
	}
	text, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	f, err := Parse(path, text)
	if err != nil {
		return nil, []error{err}, nil
	}
	return []*File{f}, nil, nil
}
