package main

import (
	"regexp"
	"strings"
)

// limits add what the types do not say, by type and field. A text with variables has no
// length here: which text counts depends on the format of the parameters.
var limits = map[string]func(*schema){
	"File":                           func(s *schema) { s.Required = []string{"name", "languages"} },
	"File.Name":                      func(s *schema) { s.Pattern, s.MaxLength = "^[a-z0-9_]+$", 512 },
	"File.TTLSeconds":                atLeast(-1),
	"Language.TTLSeconds":            atLeast(-1),
	"Language.Footer":                length(60),
	"Language.CodeExpirationMinutes": between(1, 90),
	"Language.Buttons":               items(0, 10),
	"Language.Cards":                 items(2, 10),
	"Header":                         func(s *schema) { s.MinProperties, s.MaxProperties = 1, 1 },
	"Media":                          func(s *schema) { s.MaxProperties = 1 },
	"Media.URL":                      func(s *schema) { s.Pattern = "^https://" },
	"Offer.Text":                     length(16),
	"Card.Buttons":                   items(0, 2),
	"Button":                         func(s *schema) { s.Required = []string{"type"} },
	"Button.Text":                    length(25),
	"Button.PhoneNumber":             anyScalar,
	"Button.OTPType":                 func(s *schema) { s.Type, s.AnyOf = nil, anyCase("copy_code", "one_tap", "zero_tap").AnyOf },
	"Button.FlowID":                  anyScalar,
	"Button.FlowAction":              func(s *schema) { s.Type, s.Enum = nil, []string{"navigate", "data_exchange"} },
	"Button.TTLMinutes":              between(0, 43200),
	"Parameter.Sample":               anyScalar,
}

func length(n int) func(*schema)     { return func(s *schema) { s.MaxLength = n } }
func items(n, m int) func(*schema)   { return func(s *schema) { s.MinItems, s.MaxItems = n, m } }
func atLeast(n int) func(*schema)    { return func(s *schema) { s.Minimum = &n } }
func between(n, m int) func(*schema) { return func(s *schema) { s.Minimum, s.Maximum = &n, &m } }
func anyScalar(s *schema)            { s.Type = scalar().Type }

// anyCase takes values in any case. Editors complete the lower one.
func anyCase(values ...string) *schema {
	lower := make([]string, len(values))
	for i, value := range values {
		lower[i] = strings.ToLower(value)
	}
	letter := regexp.MustCompile(`[a-z]`)
	pattern := letter.ReplaceAllStringFunc(strings.Join(lower, "|"), func(l string) string { return "[" + strings.ToUpper(l) + l + "]" })
	return &schema{AnyOf: []*schema{{Enum: lower}, {Type: "string", Pattern: "^(" + pattern + ")$"}}}
}
