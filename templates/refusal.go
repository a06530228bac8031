package templates

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

// failure is the error of a push that ends with this step.
func (s *StepResult) failure(err error, result *PushResult) *PushError {
	e := &PushError{
		Action: s.Action, Name: s.Name, Language: s.Language, Path: s.Path, Position: s.Position,
		InDoubt: s.Outcome == OutcomeInDoubt, Result: result, Err: err, Reason: reasonFor(err),
	}
	if s.file == nil {
		return e
	}
	if e.Field = s.file.refused(s.language, err); e.Field != "" {
		e.Position = s.file.Position(e.Field)
	}
	return e
}

// What Meta's subcodes, some of which it also has as codes, are about.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const (
	subcodeNameDeleted = 2388023
	subcodeExists      = 2388024
)

var componentsOfSubcode = map[int]string{
	2388047: "HEADER",
	2388072: "BODY",
	2388073: "FOOTER",
	2388293: "BODY", // too many variables for the length of the text
	2388299: "BODY", // a variable at its start or end
}

// isExisting reports whether an account refuses to create a template that it has. The
// subcode is one that users of Meta's API report.
func isExisting(err error) bool {
	graph, _ := cloudapi.GraphErrorOf(err)
	return errors.Is(err, kirim.CodeTemplateAlreadyExists) || graph.Subcode == subcodeExists
}

// reasonFor returns what an account says for people.
func reasonFor(err error) string {
	var e *kirim.Error
	if !errors.As(err, &e) || e == nil {
		return ""
	}
	graph, _ := cloudapi.GraphErrorOf(err)
	texts := slices.DeleteFunc([]string{graph.UserTitle, graph.UserMessage}, func(s string) bool { return s == "" })
	switch {
	case len(texts) > 0:
		return strings.Join(texts, ": ")
	case e.Details != "":
		return e.Details
	}
	return e.Message
}

var (
	// componentPath is a path as Kirim writes it, or as Meta does, such as
	// components[0]['buttons'][1]['text'].
	componentPath = regexp.MustCompile(`components(?:\[\d+\]|\[['"]\w+['"]\]|\.\w+)+`)
	quotedStep    = regexp.MustCompile(`\[['"](\w+)['"]\]`)
	quotedIndex   = regexp.MustCompile(`\.(\d+)`)
	firstWord     = regexp.MustCompile(`^(?:template\.)?(\w+)(?::|$)`)
)

// refused returns the path in the file of what an account refuses in a language; "" when
// the refusal is not about the template.
func (f *File) refused(l *Language, err error) string {
	language := childPath("languages", l.Code)
	if sample, ok := errors.AsType[*sampleError](err); ok {
		return sample.path
	}
	if link, ok := errors.AsType[*linkError](err); ok {
		return f.locate(l, link.path)
	}
	if invalid, ok := errors.AsType[*kirim.ValidationError](err); ok && invalid != nil && len(invalid.Violations) > 0 {
		if field := f.refusedPath(l, invalid.Violations[0].Path); field != "" {
			return field
		}
		return language
	}
	var e *kirim.Error
	if !errors.As(err, &e) || e == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	graph, _ := cloudapi.GraphErrorOf(err)
	for _, text := range []string{e.Param, e.Details, graph.UserMessage, graph.UserTitle, e.Message} {
		if field := f.refusedPath(l, text); field != "" {
			return field
		}
	}
	for _, code := range []int{graph.Subcode, e.MetaCode} {
		switch kind := componentsOfSubcode[code]; {
		case kind != "":
			return f.componentOf(l, kind)
		case code == subcodeNameDeleted:
			return "name"
		case code == subcodeExists:
			return language
		}
	}
	for _, text := range []string{graph.UserTitle, graph.UserMessage, e.Details} {
		if field := f.refusedWord(l, text); field != "" {
			return field
		}
	}
	if e.Kind == kirim.KindInvalidRequest || e.Kind == kirim.KindConflict {
		return language
	}
	return ""
}

// refusedPath returns what a text names that is, or begins with, a member of a request.
func (f *File) refusedPath(l *Language, text string) string {
	if path := componentPath.FindString(text); path != "" {
		path = quotedIndex.ReplaceAllString(quotedStep.ReplaceAllString(path, ".$1"), "[$1]")
		return f.locate(l, path)
	}
	word := firstWord.FindStringSubmatch(text)
	if word == nil {
		return ""
	}
	language := childPath("languages", l.Code)
	switch strings.ToLower(word[1]) {
	case "name":
		return "name"
	case "language", "components", "variables":
		return language
	case "category":
		return f.ownOr(l, "category")
	case "parameter_format":
		return f.ownOr(l, "format")
	case "messagesendttlseconds", "message_send_ttl_seconds":
		return f.ownOr(l, "ttl_seconds")
	}
	return ""
}

// ownOr is the path of a member that a language may have of its own.
func (f *File) ownOr(l *Language, member string) string {
	if own := childPath(childPath("languages", l.Code), member); f.nodes[own] != nil {
		return own
	}
	return member
}

// refusedWord returns what a text for people is about, by the words that Meta uses. The
// body is the last: other texts name it, too.
func (f *File) refusedWord(l *Language, text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	for _, w := range []struct{ kind, word string }{
		{"HEADER", "header"}, {"FOOTER", "footer"}, {"BUTTONS", "button"}, {"CAROUSEL", "carousel"}, {"CAROUSEL", "card"}, {"BODY", "body"},
	} {
		if slices.Contains(words, w.word) || slices.Contains(words, w.word+"s") {
			return f.componentOf(l, w.kind)
		}
	}
	switch {
	case slices.Contains(words, "category"):
		return f.ownOr(l, "category")
	case slices.Contains(words, "name"):
		return "name"
	}
	return ""
}

// componentOf returns the path of the component of a kind, or that of the language.
func (f *File) componentOf(l *Language, kind string) string {
	for _, part := range f.parts(l) {
		if strings.EqualFold(part.definition.Type, kind) {
			return part.path
		}
	}
	return childPath("languages", l.Code)
}
