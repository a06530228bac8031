package templates

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
)

// initialisms are the words that Go names write in capitals.
var initialisms = strings.Fields("api html http https id ip json otp pdf qr sku sms uri url uuid vat")

// goWords splits a name of a template or a parameter into the words of a Go name, the
// first of which begins with a letter. A name that begins with a digit gets the prefix.
func goWords(name, prefix string) []string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !isGoLetter(r) })
	if len(words) == 0 || unicode.IsDigit(rune(words[0][0])) {
		words = append([]string{prefix}, words...)
	}
	for i, word := range words {
		if slices.Contains(initialisms, strings.ToLower(word)) {
			words[i] = strings.ToUpper(word)
		} else {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return words
}

// isGoLetter reports what Meta allows in names, in upper case too.
func isGoLetter(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// goType returns the name of the type of a template. Names that generated code has for
// other things get a suffix, whether or not they are in use, so that no other template
// changes the name of this one.
func goType(template string) string {
	name := strings.Join(goWords(template, "Template"), "")
	rest, constructor := strings.CutPrefix(name, "New")
	if constructor && rest != "" && !unicode.IsLower(rune(rest[0])) || strings.HasPrefix(name, "Language") {
		name += "Template"
	}
	return name
}

// reservedFields are the methods and the language of each generated type.
var reservedFields = []string{"Template", "To", "In", "Language"}

// goField returns the name of the field of a parameter. It is not one of taken.
func goField(parameter string, taken []string) string {
	name := strings.Join(goWords(parameter, "Value"), "")
	if slices.Contains(reservedFields, name) || slices.Contains(taken, name) {
		name += "Value"
	}
	return name
}

// goArgument returns the name of the argument for a field that is made of a key.
func goArgument(fieldName, key string) string {
	words := goWords(strings.TrimPrefix(key, headerKey), "Value")
	if strings.Join(words, "") != fieldName { // see goField
		words = append(words, "Value")
	}
	if slices.Contains(initialisms, strings.ToLower(words[0])) {
		words[0] = strings.ToLower(words[0])
	}
	words[0] = strings.ToLower(words[0][:1]) + words[0][1:]
	argument := strings.Join(words, "")
	if token.IsKeyword(argument) || types.Universe.Lookup(argument) != nil || slices.Contains(generatedImports, argument) {
		argument += "_"
	}
	return argument
}

// generatedImports are the names of the packages that generated code may import.
var generatedImports = []string{"json", "kirim", "strconv", "time", "utf8"}

// goLanguage returns the name of the constant of a language.
func goLanguage(code string) string {
	return "Language" + strings.Join(strings.FieldsFunc(strings.ToUpper(code), func(r rune) bool { return !isGoLetter(r) }), "")
}
