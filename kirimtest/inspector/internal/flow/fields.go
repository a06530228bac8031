package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fitting is a value for a kind of field, and an empty one where v does not fit.
func fitting(kind string, v any) any {
	switch kind {
	case "CheckboxGroup", "ChipsSelector":
		if list, isList := v.([]any); isList {
			return list
		}
		return []any{}
	case "OptIn":
		chosen, _ := v.(bool)
		return chosen
	case "CalendarPicker":
		if object, isObject := v.(map[string]any); isObject {
			return object
		}
	}
	if list, isList := v.([]any); isList && len(list) == 1 { // of a RadioButtonsGroup
		v = list[0]
	}
	switch v.(type) {
	case []any, map[string]any:
		return ""
	}
	return textOf(v)
}

// decodeValue reads what was entered into a field.
func decodeValue(kind string, raw json.RawMessage) (any, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, errors.New("want JSON")
	}
	switch kind {
	case "CheckboxGroup", "ChipsSelector":
		list, isList := v.([]any)
		for _, item := range list {
			if _, isText := item.(string); !isText {
				isList = false
			}
		}
		if !isList {
			return nil, errors.New("want an array with the IDs of options")
		}
		return list, nil
	case "OptIn":
		if _, isBool := v.(bool); !isBool {
			return nil, errors.New("want true or false")
		}
		return v, nil
	case "CalendarPicker":
		object, isObject := v.(map[string]any)
		if isObject {
			for name, date := range object {
				if _, isText := date.(string); !isText || name != "start-date" && name != "end-date" {
					return nil, errors.New("want a date, or an object with start-date and end-date")
				}
			}
			return object, nil
		}
	}
	text, isText := v.(string)
	if !isText {
		return nil, errors.New("want a string")
	}
	if len(text) > 100_000 {
		return nil, errors.New("want at most 100000 bytes")
	}
	return text, nil
}

// check returns what is wrong with the fields that are shown, by their names.
func (sc scope) check(shown []*part) map[string]string {
	wrong := make(map[string]string)
	for _, p := range shown {
		if p.Name == "" || p.Disabled {
			continue
		}
		problem, blank := sc.problem(p)
		if blank && !p.Required {
			continue
		}
		switch {
		case blank:
			wrong[p.Name] = "This field is required."
		case problem != "" && p.custom != "":
			wrong[p.Name] = p.custom
		case problem != "":
			wrong[p.Name] = problem
		}
	}
	return wrong
}

// problem says what is wrong with the value of a field, and whether it is blank.
func (sc scope) problem(p *part) (problem string, blank bool) {
	switch v := p.Value.(type) {
	case []any:
		return p.listProblem(v), len(v) == 0
	case bool:
		return "", !v
	case map[string]any:
		return p.rangeProblem(v)
	}
	text := textOf(p.Value)
	if strings.TrimSpace(text) == "" {
		return "", true
	}
	switch p.Kind {
	case "text", "area":
		return sc.textProblem(p, text), false
	case "dropdown", "radio":
		return p.listProblem([]any{text}), false
	case "date":
		return p.dateProblem(dateOf(text), text), false
	}
	return "", false
}

func (p *part) listProblem(list []any) string {
	for i, id := range list {
		at := slices.IndexFunc(p.Options, func(o *option) bool { return o.ID == id })
		switch {
		case at < 0:
			return fmt.Sprintf("There is no option %.80q.", id)
		case p.Options[at].Disabled:
			return fmt.Sprintf("The option %.80q cannot be chosen.", p.Options[at].Title)
		case slices.Contains(list[:i], id):
			return fmt.Sprintf("The option %.80q is chosen twice.", p.Options[at].Title)
		}
	}
	switch n := len(list); {
	case p.least > 0 && n < p.least:
		return fmt.Sprintf("Choose at least %d.", p.least)
	case p.most > 0 && n > p.most:
		return fmt.Sprintf("Choose at most %d.", p.most)
	}
	return ""
}

// The forms of inputs that WhatsApp checks itself; how closely is assumed.
var (
	numberForm   = regexp.MustCompile(`^[+-]?[0-9]+([.,][0-9]+)?$`)
	passcodeForm = regexp.MustCompile(`^[0-9]+$`)
	phoneForm    = regexp.MustCompile(`^\+?[0-9][0-9 ().-]{4,24}$`)
)

func (sc scope) textProblem(p *part, text string) string {
	n := utf8.RuneCountInString(text)
	switch {
	case p.least > 0 && n < p.least:
		return fmt.Sprintf("Enter at least %d characters.", p.least)
	case p.most > 0 && n > p.most:
		return fmt.Sprintf("Enter at most %d characters; there are %d.", p.most, n)
	}
	switch p.input {
	case "number":
		if !numberForm.MatchString(text) {
			return "Enter a number."
		}
	case "email":
		if address, err := mail.ParseAddress(text); err != nil || address.Address != text || !strings.Contains(text[strings.LastIndexByte(text, '@'):], ".") {
			return "Enter an email address, such as name@example.com."
		}
	case "passcode":
		if !passcodeForm.MatchString(text) {
			return "Enter digits alone."
		}
	case "phone":
		if !phoneForm.MatchString(text) {
			return "Enter a phone number."
		}
	}
	if p.pattern == "" || !slices.Contains([]string{"", "text", "number", "password", "passcode"}, p.input) {
		return ""
	}
	form, err := regexp.Compile(`^(?:` + p.pattern + `)$`)
	if err != nil {
		sc.note("%s: the sandbox cannot check the pattern %.80q", p.Name, p.pattern)
		return ""
	}
	if !form.MatchString(text) {
		return "This does not have the form that is asked for."
	}
	return ""
}

const dateForm = "2006-01-02"

// dateOf reads YYYY-MM-DD, and the milliseconds of versions before 5.0 in UTC; zero for
// anything else.
func dateOf(text string) time.Time {
	if day, err := time.Parse(dateForm, text); err == nil {
		return day
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > 8 {
		return time.UnixMilli(ms).UTC().Truncate(24 * time.Hour)
	}
	return time.Time{}
}

func dateText(v any) string {
	if day := dateOf(textOf(v)); !day.IsZero() {
		return day.Format(dateForm)
	}
	return ""
}

func (p *part) dateProblem(day time.Time, text string) string {
	switch {
	case day.IsZero():
		return fmt.Sprintf("Enter a date as YYYY-MM-DD, not %.40q.", text)
	case p.Min != "" && day.Format(dateForm) < p.Min:
		return fmt.Sprintf("Choose %s or later.", p.Min)
	case p.Max != "" && day.Format(dateForm) > p.Max:
		return fmt.Sprintf("Choose %s or earlier.", p.Max)
	case slices.Contains(p.unavailable, day.Format(dateForm)):
		return fmt.Sprintf("%s is not available.", day.Format(dateForm))
	case len(p.days) > 0 && !slices.Contains(p.days, day.Format("Mon")):
		return fmt.Sprintf("%s is not available; choose one of %s.", day.Format("Monday"), strings.Join(p.days, ", "))
	}
	return ""
}

func (p *part) rangeProblem(v map[string]any) (problem string, blank bool) {
	from, to := textOf(v["start-date"]), textOf(v["end-date"])
	if from == "" && to == "" {
		return "", true
	}
	if from == "" || to == "" {
		return "Choose the first and the last day.", false
	}
	begin, end := dateOf(from), dateOf(to)
	if problem := p.dateProblem(begin, from); problem != "" {
		return problem, false
	}
	if problem := p.dateProblem(end, to); problem != "" {
		return problem, false
	}
	days := int(end.Sub(begin) / (24 * time.Hour))
	switch {
	case days < 0:
		return "The last day is before the first.", false
	case p.least > 0 && days < p.least:
		return fmt.Sprintf("Choose at least %d days.", p.least), false
	case p.most > 0 && days > p.most:
		return fmt.Sprintf("Choose at most %d days.", p.most), false
	}
	return "", false
}
