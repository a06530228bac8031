package templates

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
)

// WriteText writes a line for each finding, as go vet does:
//
//	PATH:7:11: error: the body has 1030 characters; want at most 1024 (body-length)
//
// A finding about a file that was not parsed has no place before the severity.
func WriteText(w io.Writer, findings []Finding) error {
	for _, f := range findings {
		place := ""
		if f.Path != "" {
			place = f.Path + ": "
		}
		if f.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d: ", f.Path, f.Line, f.Column)
		}
		if _, err := fmt.Fprintf(w, "%s%s: %s (%s)\n", place, f.Severity, f.Message, f.Rule); err != nil {
			return err
		}
	}
	return nil
}

// WriteJSON writes a JSON object on a line for each finding.
func WriteJSON(w io.Writer, findings []Finding) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, f := range findings {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// The part of SARIF 2.1.0 that is written.
//
// Docs: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		HelpURI          string    `json:"helpUri,omitempty"`
		Configuration    struct {
			Level Severity `json:"level"`
		} `json:"defaultConfiguration"`
		Properties struct {
			Assumed bool `json:"assumed"`
		} `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     Severity        `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// WriteSARIF writes the findings as SARIF 2.1.0, which code hosts show beside the
// lines of a change. Version is that of the program, and may be empty. The URIs are
// relative where the paths of the files are; columns count characters.
func WriteSARIF(w io.Writer, findings []Finding, version string) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: make([]sarifResult, len(findings))}
	run.Tool.Driver = sarifDriver{
		Name: "kirim templates lint", Version: version, InformationURI: "https://pkg.go.dev/github.com/kirim-go/kirim/templates",
	}
	index := make(map[string]int)
	for i, r := range rules {
		index[r.ID] = i
		rule := sarifRule{ID: r.ID, ShortDescription: sarifText{r.Summary}, HelpURI: r.Docs}
		rule.Configuration.Level, rule.Properties.Assumed = r.Severity, r.Assumed
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for i, f := range findings {
		run.Results[i] = sarifResult{
			RuleID: f.Rule, RuleIndex: -1, Level: f.Severity, Message: sarifText{f.Message}, Locations: sarifLocations(f),
		}
		if at, known := index[f.Rule]; known {
			run.Results[i].RuleIndex = at
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func sarifLocations(f Finding) []sarifLocation {
	var location sarifLocation
	if f.Path != "" {
		location.Physical = &sarifPhysical{}
		location.Physical.Artifact.URI = fileURI(f.Path)
		if f.Line > 0 {
			location.Physical.Region = &sarifRegion{f.Line, f.Column}
		}
	}
	if f.Field != "" {
		location.Logical = []sarifLogical{{f.Field}}
	}
	if location.Physical == nil && location.Logical == nil {
		return nil
	}
	return []sarifLocation{location}
}

// fileURI is a path as a URI, relative for a relative path.
func fileURI(path string) string {
	slashed := filepath.ToSlash(path)
	u := url.URL{Path: slashed}
	switch {
	case filepath.IsAbs(path) && !strings.HasPrefix(slashed, "/"): // with a drive
		u = url.URL{Scheme: "file", Path: "/" + slashed}
	case filepath.IsAbs(path):
		u.Scheme = "file"
	}
	return u.String()
}
