package templates_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

const orderShipped = `name: order_shipped
category: utility
parameters: {customer: Ana, order: A-17}
languages:
  en:
    body: Hello {{customer}}, your order {{order}} is on its way.
    footer: Call {{phone}}
`

func ExampleLint() {
	file, err := templates.Parse("order_shipped", []byte(orderShipped))
	if err != nil {
		log.Fatal(err)
	}
	if err := templates.WriteText(os.Stdout, templates.Lint(file)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// order_shipped:7:18: error: a footer has no variables (footer-variable)
}

func ExamplePush() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	sandbox.SetTemplateReview(0, kirimtest.TemplateApproved)
	client, err := sandbox.Client()
	if err != nil {
		log.Fatal(err)
	}
	file, err := templates.Parse("order_shipped", []byte("name: order_shipped\ncategory: utility\nlanguages: {en: {body: Your order is on its way.}}\n"))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	account := templates.Kirim(client.PhoneNumber(sandbox.PhoneNumberID))
	result, err := templates.Push(ctx, account, []*templates.File{file}, templates.PushOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range result.With(templates.OutcomeDone) {
		fmt.Println(step.Action, step.Name, step.Language)
	}
	states, err := templates.Watch(ctx, account, []templates.Wanted{{Name: "order_shipped", Language: "en"}}, templates.WatchOptions{})
	fmt.Println(states, err)
	// Output:
	// create order_shipped en
	// [order_shipped (en): approved] <nil>
}

func ExampleFile_Preview() {
	file, err := templates.Parse("order_shipped", []byte(orderShipped))
	if err != nil {
		log.Fatal(err)
	}
	preview, err := file.Preview("en", map[string]string{"customer": "Siti"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(preview.Body)
	// Output:
	// Hello Siti, your order A-17 is on its way.
}

func ExampleFile_Params() {
	file, err := templates.Parse("order_shipped", []byte(orderShipped))
	if err != nil {
		log.Fatal(err)
	}
	params := file.Params(file.Language("en"))
	fmt.Println(params.Components[0].Text, params.Components[0].Example.BodyText)
	// Output:
	// Hello {{1}}, your order {{2}} is on its way. [[Ana A-17]]
}
