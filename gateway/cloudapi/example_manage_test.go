package cloudapi_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
	"github.com/kirim-go/kirim/kirimtest"
)

// A template is submitted, approved, and held against a message before it is sent.
func ExampleTemplatesService() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	ctx, templates := context.Background(), client.Account(sandbox.WABAID).Templates()

	created, err := templates.Create(ctx, kirim.TemplateCreateParams{
		Name: "parcel_sent", Category: kirim.TemplateUtility, Language: "en",
		Components: []kirim.ComponentDefinition{kirim.DefineBody("Hello {{1}}, your parcel is on its way.", "Ana")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(created.Name, created.Status)
	sandbox.SetTemplateStatus("parcel_sent", kirimtest.TemplateApproved) // Meta's review, and its webhook

	approved, err := templates.Get(ctx, created.ID, cloudapi.TemplateGetParams{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(approved.Name, approved.Status)
	message := kirim.Template{Name: "parcel_sent", Language: "en"}
	fmt.Println(message.Check(&approved.MessageTemplate))
	message.Components = []kirim.Component{kirim.FillBody("Ana")}
	fmt.Println(message.Check(&approved.MessageTemplate))

	if err := templates.Delete(ctx, cloudapi.TemplateDeleteParams{Name: "parcel_sent", ID: created.ID}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// parcel_sent pending
	// parcel_sent approved
	// kirim: invalid request: template.components: want 1 parameter for the body, got 0
	// <nil>
}

// The numbers of an account are listed, and one is registered.
func ExamplePhoneNumbersService() {
	sandbox := kirimtest.NewServer()
	defer sandbox.Close()
	client, err := cloudapi.NewClient(sandbox.AccessToken, sandbox.MetaOptions()...)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()

	params := cloudapi.PhoneNumberListParams{Fields: []string{"id", "quality_rating", "status"}}
	for info, err := range client.Account(sandbox.WABAID).PhoneNumbers().All(ctx, params) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(info.QualityRating, info.Status)
		number := client.PhoneNumber(info.ID)
		if err := number.Register(ctx, cloudapi.RegisterParams{PIN: "246810"}); err != nil {
			log.Fatal(err)
		}
		err := number.Register(ctx, cloudapi.RegisterParams{PIN: "135790"})
		var refusal *kirim.Error
		if errors.As(err, &refusal) {
			fmt.Println(refusal.Code, refusal.Kind)
		}
	}
	// Output:
	// GREEN CONNECTED
	// 133005 not_connected
}
