package templates_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/templates"
)

func parse(t *testing.T, text string) *templates.File {
	t.Helper()
	f, err := templates.Parse("order_update.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const orderUpdate = `name: order_update
category: utility
parameters:
  customer: Ana
  order: {sample: A-17, description: The number of the order.}
languages:
  en:
    header: {image: https://shop.example/box.png}
    body: Hello {{customer}}, your order {{order}} is on its way.
  id:
    header: {image: https://shop.example/box.png}
    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.
`

// user is a program that sends the template.
const user = `package main

import (
	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/templates/internal/generated/CASE/tpl"
)

var box = kirim.Image{Link: "https://shop.example/box.png"}

func main() {
	_ = tpl.NewOrderUpdate(box, "Ana", "A-17").To("+6281100000001")
	_ = tpl.OrderUpdate{Image: box, Customer: "Ana", Order: "A-17"}.In(tpl.LanguageID)
}
`

func TestAChangedTemplateBreaksTheProgramsThatUseIt(t *testing.T) {
	t.Parallel()
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(orderUpdate) }
	cases := map[string]struct {
		template string
		want     []string // errors of the compiler; none where the program goes on
	}{
		"unchanged": {orderUpdate, nil},
		"reworded":  {replace("on its way", "with the courier"), nil},
		"language_added": {orderUpdate + `  nl:
    header: {image: https://shop.example/box.png}
    body: Hallo {{customer}}, je bestelling {{order}} komt eraan.
`, nil},
		"language_removed": {orderUpdate[:strings.Index(orderUpdate, "  id:")], []string{
			`/main.go:12:66: tpl.OrderUpdate{…}.In undefined (type tpl.OrderUpdate has no field or method In)`, `/main.go:12:73: undefined: tpl.LanguageID`,
		}},
		"parameter_added": {replace("  customer: Ana", "  customer: Ana\n  shop: Toko", "Hello ", "From {{shop}}, ", "Halo ", "Dari {{shop}}, "), []string{
			`/main.go:11:37: not enough arguments in call to tpl.NewOrderUpdate`, `want (kirim.Image, string, string, string)`,
		}},
		"parameter_removed": {replace(" {{order}}", ""), []string{
			`/main.go:11:37: too many arguments in call to tpl.NewOrderUpdate`, `/main.go:12:51: unknown field Order in struct literal of type tpl.OrderUpdate`,
		}},
		"video_for_image": {replace("image:", "video:"), []string{
			`/main.go:11:25: cannot use box (variable of struct type kirim.Image) as kirim.Video value in argument to tpl.NewOrderUpdate`,
			`/main.go:12:22: unknown field Image in struct literal of type tpl.OrderUpdate`,
		}},
		"header_removed": {replace("    header: {image: https://shop.example/box.png}\n", ""), []string{
			`/main.go:11:37: too many arguments in call to tpl.NewOrderUpdate`, `/main.go:12:22: unknown field Image`,
		}},
		"parameter_renamed": {replace("{{order}}", "{{parcel}}", "order:", "parcel:"), []string{
			`/main.go:12:51: unknown field Order in struct literal of type tpl.OrderUpdate`,
		}},
		"template_renamed": {replace("order_update", "order_update_2"), []string{
			`/main.go:11:10: undefined: tpl.NewOrderUpdate`, `/main.go:12:10: undefined: tpl.OrderUpdate`,
		}},
	}
	sources, packages := make(map[string]string), []string{}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		dir := "internal/generated/" + name
		sources[dir+"/main.go"] = strings.ReplaceAll(user, "CASE", name)
		sources[dir+"/tpl/tpl.go"] = string(generate(t, parse(t, cases[name].template)))
		packages = append(packages, "./"+dir)
	}
	out, err := goCommand(t, sources, "build", packages...)
	if err == nil {
		t.Fatal("all compile")
	}
	said := make(map[string]string) // by package
	for _, part := range strings.Split(out, "# github.com/kirim-go/kirim/templates/internal/generated/")[1:] {
		name, lines, _ := strings.Cut(part, "\n")
		said[name] = lines
	}
	for name, tc := range cases {
		if len(tc.want) == 0 && said[name] != "" {
			t.Errorf("%s: %s", name, said[name])
		}
		for _, want := range tc.want {
			if !strings.Contains(said[name], want) {
				t.Errorf("%s: the compiler does not say %s:\n%s", name, want, said[name])
			}
		}
	}
}
