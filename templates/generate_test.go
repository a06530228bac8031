package templates_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

// signatures returns the constructors of generated code, as in NewSale(item string), and
// the fields of its structs, as in Sale.Item string.
func signatures(t *testing.T, code []byte) (list []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "tpl.go", code, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				list = append(list, decl.Name.Name+strings.TrimPrefix(types.ExprString(decl.Type), "func"))
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					if s, ok := spec.Type.(*ast.StructType); ok {
						for _, f := range s.Fields.List {
							list = append(list, spec.Name.Name+"."+f.Names[0].Name+" "+types.ExprString(f.Type))
						}
					}
				}
			}
		}
	}
	return list
}

func TestArgumentsAreWhatATemplateRequires(t *testing.T) {
	t.Parallel()
	const card = `{header: {image: https://a.example/x.png}, body: 'See {{item_%d}} now', buttons: [{type: quick_reply, text: Yes}]}`
	for name, tc := range map[string]struct{ file, want string }{
		"in the order of the parameters, not of the texts": {
			`{name: sale, category: marketing, parameters: {b: x, a: x}, languages: {en: {body: 'To {{a}} and {{b}}.'}}}`, "NewSale(b, a string) Sale",
		},
		"a header of media first, the offer and the cards last": {
			`{name: sale, category: marketing, parameters: {customer: x, item_1: x, item_2: x}, languages: {en: {header: {document: https://a.example/x.pdf}, offer: {text: Now, expires: true}, body: 'Hi {{customer}}!', cards: [` +
				fmt.Sprintf(card, 1) + "," + fmt.Sprintf(card, 2) + `]}}}`,
			"NewSale(document kirim.Document, customer string, offerEnds time.Time, cards [2]SaleCard) Sale",
		},
		"a parameter of the body and of cards once": {
			`{name: sale, category: marketing, parameters: {item_1: x, who: x}, languages: {en: {body: 'Hi {{who}}!', cards: [` +
				`{header: {video: https://a.example/x}, body: 'For {{who}}: {{item_1}}.'}, {header: {video: https://a.example/x}, body: 'For {{who}}.'}]}}}`,
			"NewSale(item1, who string, cards [2]SaleCard) Sale", // only one card has an item
		},
		"products of which a message has any number": {
			`{name: sale, category: marketing, parameters: {sku_1: x, sku_2: x}, languages: {en: {body: Look, cards: [` +
				`{header: {product: true}, buttons: [{type: url, text: Buy, url: 'https://a.example/{{sku_1}}'}]}, {header: {product: true}, buttons: [{type: url, text: Buy, url: 'https://a.example/{{sku_2}}'}]}]}}}`,
			"NewSale(cards []SaleCard) Sale",
		},
		"a parameter with the name of a header": {
			`{name: sale, category: marketing, parameters: {image: x, to: x, button_1_payload: x}, languages: {en: {header: {image: https://a.example/x.png}, body: 'Hi {{image}} {{to}} {{button_1_payload}}!', buttons: [{type: quick_reply, text: Yes}]}}}`,
			"NewSale(image kirim.Image, imageValue, toValue, button1PayloadValue string) Sale",
		},
		"a code, once for the text and the button": {
			`{name: sale, category: authentication, languages: {en: {buttons: [{type: otp, otp_type: copy_code}]}}}`, "NewSale(code string) Sale",
		},
		"nothing": {`{name: sale, category: marketing, languages: {en: {body: Look}}}`, "NewSale() Sale"},
		"the same from components of the API, with names for their numbers": {
			`{name: sale, category: marketing, languages: {en: {components: [{type: HEADER, format: TEXT, text: 'For {{1}}'}, {type: BODY, text: 'The {{2}} of {{1}}.'}, ` +
				`{type: BUTTONS, buttons: [{type: QUICK_REPLY, text: Yes}, {type: URL, text: Go, url: 'https://a.example/{{1}}'}, {type: COPY_CODE, example: [X]}]}]}}}`,
			"NewSale(header, body1, body2, button2, coupon string) Sale",
		},
		"from components with named variables": {
			`{name: sale, category: marketing, format: named, languages: {en: {components: [{type: body, text: 'The {{order}} of {{customer}}.'}]}}}`,
			"NewSale(order, customer string) Sale",
		},
		"from components of cards": {
			`{name: sale, category: marketing, languages: {en: {components: [{type: BODY, text: Look}, {type: CAROUSEL, cards: [` +
				`{components: [{type: HEADER, format: IMAGE}, {type: BODY, text: 'A {{1}}.'}]}, {components: [{type: HEADER, format: IMAGE}, {type: BODY, text: 'B {{1}}.'}]}]}]}}}`,
			"NewSale(cards [2]SaleCard) Sale",
		},
		"what is to be paid": {
			`{name: sale, category: utility, languages: {en: {components: [{type: BODY, text: Pay}, {type: BUTTONS, buttons: [{type: ORDER_DETAILS, text: Pay}]}]}}}`,
			"NewSale(payment kirim.PaymentRequest) Sale",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := generate(t, parse(t, tc.file))
			if got := strings.Join(signatures(t, code), "\n"); !strings.Contains(got+"\n", tc.want+"\n") {
				t.Errorf("want %s in\n%s", tc.want, got)
			}
		})
	}
}

func TestNamesBecomeNamesOfGo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ template, parameters, want string }{
		"initialisms":                      {"order_url", "customer_id, api_key, otp", "NewOrderURL(customerID, apiKey, otp string) OrderURL"},
		"digits at the start":              {"2fa_code", "2nd_name", "NewTemplate2faCode(value2ndName string) Template2faCode"},
		"underscores at the edges":         {"_sale_", "_a__b_", "NewSale(aB string) Sale"},
		"nothing but underscores":          {"__", "_", "NewTemplate(value string) Template"},
		"words of Go":                      {"type", "type, func, string, nil, error, range, len", "NewType(type_, func_, string_, nil_, error_, range_, len_ string) Type"},
		"imports":                          {"sale", "kirim, time, json, utf8, strconv", "NewSale(kirim_, time_, json_, utf8_, strconv_ string) Sale"},
		"variables of the code":            {"sale", "t, found, ctx, i, cards", "NewSale(t, found, ctx, i, cards string) Sale"},
		"methods":                          {"sale", "to, in, template, language", "Sale.ToValue string\nSale.InValue string\nSale.TemplateValue string\nSale.LanguageValue string"},
		"values without a name in a file":  {"sale", "image, code, cards", "NewSale(image, code, cards string) Sale"},
		"a constructor":                    {"new_order", "a", "NewNewOrderTemplate(a string) NewOrderTemplate"},
		"a word that begins as one":        {"news", "a", "NewNews(a string) News"},
		"the type of languages":            {"language_id", "a", "NewLanguageIDTemplate(a string) LanguageIDTemplate"},
		"upper case, which only texts can": {"sale", "Customer, orderID", "NewSale(customer, orderID string) Sale"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			declared, body := "", ""
			for parameter := range strings.SplitSeq(tc.parameters, ", ") {
				declared += "\n  \"" + parameter + "\": x"
				body += " {{" + parameter + "}}"
			}
			f := parse(t, "name: \""+tc.template+"\"\ncategory: utility\nparameters:"+declared+"\nlanguages:\n  en:\n    body: \"The"+body+" end.\"\n")
			if got := strings.Join(signatures(t, generate(t, f)), "\n"); !strings.Contains(got, tc.want) {
				t.Errorf("want %s in\n%s", tc.want, got)
			}
		})
	}
}

func TestWhatCannotBeGeneratedIsSaidWithItsPlace(t *testing.T) {
	t.Parallel()
	const start = "name: sale\ncategory: marketing\n"
	for name, tc := range map[string]struct {
		files []string
		want  string
	}{
		"a template twice": {
			[]string{start + "languages: {en: {body: Hi}}", start + "languages: {en: {body: Hi}}"},
			"order_update.yaml:1:7: name: the template sale is also in order_update.yaml",
		},
		"two names that are one in Go": {
			[]string{"name: a_b\ncategory: utility\nlanguages: {en: {body: Hi}}", "name: a__b\ncategory: utility\nlanguages: {en: {body: Hi}}"},
			"order_update.yaml:1:7: name: the templates a__b and a_b have the same name in Go, AB: generate them into two packages",
		},
		"a template with the name of a card": {
			[]string{start + "parameters: {a_1: x, a_2: x}\nlanguages: {en: {body: Hi, cards: [{header: {image: https://a.example}, body: 'A {{a_1}}.'}, {header: {image: https://a.example}, body: 'A {{a_2}}.'}]}}",
				"name: sale_card\ncategory: utility\nlanguages: {en: {body: Hi}}"},
			"the templates sale and sale_card have the same name in Go, SaleCard",
		},
		"two parameters that are one in Go": {
			[]string{start + "parameters: {a_b: x, a__b: x}\nlanguages:\n  en:\n    body: A {{a_b}} and {{a__b}}.\n"},
			"order_update.yaml:6:11: languages.en.body: {{a_b}} and {{a__b}} have the same name in Go, AB: rename one of them",
		},
		"two arguments that are one": {
			[]string{start + "parameters: {id_x: x, idX: x}\nlanguages:\n  en:\n    body: A {{id_x}} and {{idX}}.\n"},
			"{{id_x}} and {{idX}} have the same name in Go, idX",
		},
		"a language without a parameter of the first": {
			[]string{start + "parameters: {a: x, b: x}\nlanguages:\n  en:\n    body: A {{a}} and {{b}}.\n  id:\n    body: Ini {{a}}.\n"},
			"order_update.yaml:8:5: languages.id: it lacks {{b}}, which en has; the arguments are the same for all (see lint)",
		},
		"a language with one more": {
			[]string{start + "parameters: {a: x, b: x}\nlanguages:\n  en:\n    body: A {{a}}.\n  id:\n    body: Ini {{a}} dan {{b}}.\n"},
			"order_update.yaml:8:11: languages.id.body: en lacks {{b}}; the arguments",
		},
		"a language with another header": {
			[]string{start + "languages: {en: {header: {image: https://a.example}, body: Hi}, id: {header: {video: https://a.example}, body: Hi}}"},
			"languages.id: it lacks a value of the type kirim.Image, which en has",
		},
		"a language with another number of cards": {
			[]string{start + "languages:\n  en: {body: Hi, cards: [{header: {image: https://a.example}}, {header: {image: https://a.example}}]}\n" +
				"  id: {body: Hi, cards: [{header: {image: https://a.example}}, {header: {image: https://a.example}}, {header: {image: https://a.example}}]}"},
			"order_update.yaml:5:7: languages.id: it lacks cards of the type [2]SaleCard, which en has",
		},
		"a mark of what the account did not say": {
			[]string{start + "languages:\n  en:\n    body: Hi\n    unknown: [samples]\n"},
			"order_update.yaml:6:14: languages.en.unknown: the account did not say all of this language: complete it, and remove the mark",
		},
		"a variable that is no parameter": {
			[]string{start + "languages: {en: {body: 'Hi {{who}}!'}}"}, "languages.en.body: {{who}} is not among the parameters",
		},
		"a variable of another form": {
			[]string{start + "parameters: {who: x}\nlanguages: {en: {body: 'Hi {{ who }}!'}}"}, "languages.en.body: want variables of the form {{name}}",
		},
		"a variable amid a URL": {
			[]string{start + "parameters: {a: x}\nlanguages: {en: {body: Hi, buttons: [{type: url, text: Go, url: 'https://a.example/{{a}}/b'}]}}"},
			"languages.en.buttons[0]: want 1 variable, at the end of the URL",
		},
		"two variables in a header": {
			[]string{start + "parameters: {a: x, b: x}\nlanguages: {en: {header: '{{a}} {{b}}', body: Hi}}"}, "languages.en.header: want at most 1 variable in a header, got 2",
		},
		"one card":           {[]string{start + "languages: {en: {body: Hi, cards: [{header: {image: https://a.example}}]}}"}, "languages.en.cards: want 2 to 10 cards, got 1"},
		"cards of two kinds": {[]string{start + "languages: {en: {body: Hi, cards: [{header: {image: https://a.example}}, {header: {video: https://a.example}}]}}"}, "languages.en.cards[1]: it lacks a value of the type kirim.Image, which the first card has"},
		"cards of products with variables of their own": {
			[]string{start + "parameters: {a: x, b: x}\nlanguages: {en: {body: Hi, cards: [{header: {product: true}, buttons: [{type: url, text: Go, url: 'https://a.example/{{a}}'}]}, {header: {product: true}, buttons: [{type: url, text: Go, url: 'https://a.example/{{b}}'}]}]}}"},
			"languages.en.cards[1]: want the same on all cards of products",
		},
		"eleven buttons": {
			[]string{start + "languages: {en: {body: Hi, buttons: [" + strings.Repeat("{type: quick_reply, text: A}, ", 11) + "]}}"}, "languages.en.buttons: want at most 10 buttons, got 11",
		},
		"a one-time code with names":    {[]string{"name: c\ncategory: authentication\nformat: named\nlanguages: {en: {buttons: [{type: otp, otp_type: copy_code}]}}"}, "languages.en: want the format positional for a one-time code, got named"},
		"a header that is not known":    {[]string{start + "languages: {en: {components: [{type: HEADER, format: GIF}, {type: BODY, text: Hi}]}}"}, "languages.en.components[0]: no code can be generated for a header of this format"},
		"a component that is not known": {[]string{start + "languages: {en: {components: [{type: BODY, text: Hi}, {type: MUSIC}]}}"}, "languages.en.components[1]: no code can be generated for a component of this type"},
		"a button that is not known":    {[]string{start + "languages: {en: {components: [{type: BODY, text: Hi}, {type: BUTTONS, buttons: [{type: DOOR}]}]}}"}, "languages.en.components[1].buttons[0]: no code can be generated for a button of this type"},
		"components that are none":      {[]string{start + "languages: {en: {components: [1, 2]}}"}, "languages.en.components: want components as the API has them"},
		"a name that is none":           {[]string{"name: Größe\ncategory: utility\nlanguages: {en: {body: Hi}}"}, "name: want 1 to 512 lower-case letters, digits and underscores, got 5 characters"},
		"a language that is none":       {[]string{start + "languages: {'日本': {body: Hi}}"}, "want a language of letters, digits and underscores, got 2 characters"},
		"two languages of one name":     {[]string{start + "languages: {pt_BR: {body: Hi}, ptBR: {body: Hi}}"}, "languages.ptBR: another language has the same name in Go, LanguagePTBR"},
		"two languages of one name in two files": {
			[]string{"name: a\ncategory: utility\nlanguages: {en: {body: Hi}, pt_BR: {body: Oi}}", "name: b\ncategory: utility\nlanguages: {en: {body: Hi}, ptBR: {body: Oi}}"},
			"languages.ptBR: the languages pt_BR and ptBR have the same name in Go, LanguagePTBR",
		},
		"no language": {[]string{start}, "languages: want at least one language"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var files []*templates.File
			for _, text := range tc.files {
				files = append(files, parse(t, text))
			}
			code, err := templates.Generate(files, templates.GenerateOptions{})
			var e *templates.GenerateError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) || code != nil {
				t.Errorf("%v\nwant %s", err, tc.want)
			}
		})
	}
}

func TestAnyTextStandsInAComment(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing to see":         "\\u0000\\u0007\\u007f\\ufeff",
		"line breaks":            "A\\r\\n\\n\\nB\\u2028C\\u2029D\\u0085E\\n\\n",
		"another order":          "\\u202eabc\\u2066",
		"Go":                     "*/ } //go:build never\\n//line x:1\\n//go:generate rm -rf x\\n`\\\"$1$2%s%d",
		"names of packages":      "See you next time. json. strconv. utf8. found.",
		"a record":               "\\n//kirim:template {}",
		"a heading and a list":   "# A\\n\\n  - b\\n- c\\n\\t\\td",
		"a word without an end":  strings.Repeat("x", 1000),
		"letters of all scripts": "Größe 日本 \\ud83d\\udc68\\u200d\\ud83d\\udc69 हिन्दी",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := fmt.Sprintf(`{"name": "sale", "category": "utility", "parameters": {"a": {"sample": "x", "description": "%[1]s"}}, "languages": {"en": {"header": "%[1]s", "body": "%[1]s {{a}} %[1]s", "footer": "%[1]s", "buttons": [{"type": "quick_reply", "text": "%[1]s"}]}}}`, text)
			f, err := templates.Parse("sale.json", []byte(file))
			if err != nil {
				t.Fatal(err)
			}
			code := generate(t, f)
			if list := signatures(t, code); strings.Join(list, "; ") != "Sale.A string; Sale.Button1Payload string; NewSale(a string) Sale" {
				t.Errorf("%q", list)
			}
			formatted, err := format.Source(code)
			if err != nil || !bytes.Equal(formatted, code) {
				t.Errorf("gofmt changes the code, %v", err)
			}
			if n := strings.Count(string(code), "\nimport (\n\t\"github.com/kirim-go/kirim\"\n)\n"); n != 1 {
				t.Error("the code imports what it does not use")
			}
			for line := range strings.Lines(string(code)) {
				if strings.HasPrefix(line, "//go:") || strings.HasPrefix(line, "//line") {
					t.Errorf("a directive: %s", line)
				}
			}
			if _, err := templates.Generate([]*templates.File{f}, templates.GenerateOptions{Previous: code}); err != nil {
				t.Error(err)
			}
		})
	}
}
