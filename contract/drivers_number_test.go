package contract

import "github.com/kirim-go/kirim"

var templateDrivers = []driver{
	lists("Templates.List", "listTemplates",
		func(ctx ctx, c sdk, p kirim.TemplateListParams) (any, error) { return on(c).Templates.List(ctx, p) }, fullTemplateList),
	lists("Templates.All", "listTemplates",
		func(ctx ctx, c sdk, p kirim.TemplateListParams) (any, error) {
			return collect(on(c).Templates.All(ctx, p))
		}, fullTemplateList),
	takes("Templates.Get", "getTemplate", func(ctx ctx, c sdk, language string) (any, error) {
		return on(c).Templates.Get(ctx, "order_update", language)
	}, "", "id"),
	takes("Templates.WaitApproved", "getTemplate", func(ctx ctx, c sdk, language string) (any, error) {
		return on(c).Templates.WaitApproved(ctx, "order_update", language)
	}, "", "id"),
	takes("Templates.Create", "createTemplate",
		func(ctx ctx, c sdk, p kirim.TemplateCreateParams) (any, error) { return on(c).Templates.Create(ctx, p) },
		kirim.TemplateCreateParams{
			Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
			Components: []kirim.ComponentDefinition{kirim.DefineBody("Your order is ready.")},
		},
		filled(kirim.TemplateCreateParams{
			Name: "order_ready", Category: kirim.TemplateUtility, Language: "en",
			Components: []kirim.ComponentDefinition{
				kirim.DefineHeaderText("Order {{1}}", "A-17"),
				kirim.DefineBody("Hello {{1}}, your order is ready.", "Ana"),
				kirim.DefineFooter("Open until 8 pm"),
				kirim.DefineButtons(
					kirim.DefineURLButton("Track", "https://shop.example/{{1}}", "A-17"),
					kirim.DefinePhoneButton("Call", "+6281100000001"),
					kirim.DefineQuickReplyButton("Thanks"),
					kirim.DefineCopyCodeButton("SALE"),
				),
			},
			Variables: []string{"name"}, TTLSeconds: 600, ParameterFormat: kirim.TemplatePositional,
		}),
		kirim.TemplateCreateParams{
			Name: "brochure", Category: kirim.TemplateMarketing, Language: "id",
			Components: []kirim.ComponentDefinition{kirim.DefineHeaderMedia(kirim.TemplateDocument, link), kirim.DefineBody("See.")},
		},
		kirim.TemplateCreateParams{
			Name: "photo", Category: kirim.TemplateMarketing, Language: "id",
			Components: []kirim.ComponentDefinition{
				{Type: "HEADER", Format: "IMAGE", Example: &kirim.TemplateExample{HeaderHandle: []string{"4::aW1hZ2U"}}},
				kirim.DefineBody("See."),
			},
		},
		kirim.DefineOneTimeCode("login_code", "id", filled(kirim.OneTimeCodeOptions{
			SecurityRecommendation: true, ExpirationMinutes: 5, ButtonText: "Copy",
		})),
		kirim.TemplateCreateParams{
			Name: "login_app", Category: kirim.TemplateAuthentication, Language: "id",
			Components: []kirim.ComponentDefinition{{Type: "BODY"}, kirim.DefineButtons(kirim.ButtonDefinition{
				Type: "OTP", OTPType: "ONE_TAP", Text: "Copy", AutofillText: "Fill",
				SupportedApps: []kirim.TemplateApp{{PackageName: "com.example.app", SignatureHash: "K8a/AINcGX7"}},
			})},
		},
		kirim.TemplateCreateParams{
			Name: "login_android", Category: kirim.TemplateAuthentication, Language: "id",
			Components: []kirim.ComponentDefinition{{Type: "BODY"}, kirim.DefineButtons(kirim.ButtonDefinition{
				Type: "OTP", OTPType: "ZERO_TAP", Text: "Copy", AutofillText: "Fill", ZeroTapTermsAccepted: true,
				PackageName: "com.example.app", SignatureHash: "K8a/AINcGX7",
			})},
		},
		kirim.TemplateCreateParams{
			Name: "order_named", Category: kirim.TemplateUtility, Language: "id", ParameterFormat: kirim.TemplateNamed,
			Components: []kirim.ComponentDefinition{
				kirim.DefineNamedHeaderText("Order {{order}}", kirim.NamedSample{Name: "order", Example: "A-17"}),
				kirim.DefineNamedBody("Hello {{who}}, it is ready.", kirim.NamedSample{Name: "who", Example: "Ana"}),
				kirim.DefineButtons(kirim.DefineVoiceCallButton("Call", 1440)),
			},
		},
		kirim.TemplateCreateParams{
			Name: "survey", Category: kirim.TemplateMarketing, Language: "id",
			Components: []kirim.ComponentDefinition{kirim.DefineBody("Tell us."), kirim.DefineButtons(
				kirim.ButtonDefinition{Type: "FLOW", Text: "Begin", FlowID: "1", FlowAction: "navigate", NavigateScreen: "FIRST"},
				kirim.ButtonDefinition{Type: "FLOW", Text: "Begin", FlowName: "survey"},
				kirim.ButtonDefinition{Type: "FLOW", Text: "Begin", FlowJSON: `{"version":"5.0"}`},
			)},
		},
		kirim.TemplateCreateParams{
			Name: "sale", Category: kirim.TemplateMarketing, Language: "id",
			Components: []kirim.ComponentDefinition{
				kirim.DefineBody("Only today."), kirim.DefineLimitedTimeOffer("Sale", true),
				kirim.DefineCarousel(
					[]kirim.ComponentDefinition{kirim.DefineHeaderMedia(kirim.TemplateImage, link), kirim.DefineBody("One")},
					[]kirim.ComponentDefinition{kirim.DefineHeaderMedia(kirim.TemplateImage, link), kirim.DefineBody("Two")},
				),
			},
		},
	),
	twice("Templates.Sync", "syncTemplates", func(ctx ctx, c sdk) (any, error) { return on(c).Templates.Sync(ctx) }),
}

var fullTemplateList = filled(kirim.TemplateListParams{Status: kirim.TemplateStatusAll, Language: "id", Limit: 100, Cursor: "start"})

var conversationDrivers = []driver{
	lists("Conversations.List", "listConversations",
		func(ctx ctx, c sdk, p kirim.ConversationListParams) (any, error) {
			return on(c).Conversations.List(ctx, p)
		}, fullConversationList),
	lists("Conversations.All", "listConversations",
		func(ctx ctx, c sdk, p kirim.ConversationListParams) (any, error) {
			return collect(on(c).Conversations.All(ctx, p))
		}, fullConversationList),
	twice("Conversations.Get", "getConversation", func(ctx ctx, c sdk) (any, error) {
		return on(c).Conversations.Get(ctx, conversationID)
	}),
	takes("Conversations.Update", "updateConversation",
		func(ctx ctx, c sdk, p kirim.ConversationUpdateParams) (any, error) {
			return on(c).Conversations.Update(ctx, conversationID, p)
		},
		kirim.ConversationUpdateParams{Status: kirim.ConversationResolved},
		filled(kirim.ConversationUpdateParams{Status: kirim.ConversationOpen, AssignedTo: kirim.Set("usr" + ulid)}),
		kirim.ConversationUpdateParams{AssignedTo: kirim.Clear[string]()},
	),
	twice("Conversations.AttachLabel", "attachConversationLabel", func(ctx ctx, c sdk) (any, error) {
		return on(c).Conversations.AttachLabel(ctx, conversationID, labelID)
	}),
	twice("Conversations.DetachLabel", "detachConversationLabel", func(ctx ctx, c sdk) (any, error) {
		return on(c).Conversations.DetachLabel(ctx, conversationID, labelID)
	}),
}

var fullConversationList = filled(kirim.ConversationListParams{
	Status: kirim.ConversationPending, ContactID: contactID, UpdatedSince: before, Limit: 100, Cursor: "start",
})

var contactDrivers = []driver{
	lists("Contacts.List", "listContacts",
		func(ctx ctx, c sdk, p kirim.ContactListParams) (any, error) { return on(c).Contacts.List(ctx, p) }, fullContactList),
	lists("Contacts.All", "listContacts",
		func(ctx ctx, c sdk, p kirim.ContactListParams) (any, error) {
			return collect(on(c).Contacts.All(ctx, p))
		}, fullContactList),
	twice("Contacts.Get", "getContact", func(ctx ctx, c sdk) (any, error) { return on(c).Contacts.Get(ctx, contactID) }),
	takes("Contacts.Create", "createContact",
		func(ctx ctx, c sdk, p kirim.ContactCreateParams) (any, error) { return on(c).Contacts.Create(ctx, p) },
		kirim.ContactCreateParams{PhoneNumber: recipient},
		filled(kirim.ContactCreateParams{PhoneNumber: recipient, Name: name, Email: "ana@example.com", Metadata: metadata}),
	),
	takes("Contacts.Update", "updateContact",
		func(ctx ctx, c sdk, p kirim.ContactUpdateParams) (any, error) {
			return on(c).Contacts.Update(ctx, contactID, p)
		},
		kirim.ContactUpdateParams{Name: &name},
		filled(kirim.ContactUpdateParams{Name: &name, Email: kirim.Set("ana@example.com"), Metadata: kirim.Set(metadata)}),
		kirim.ContactUpdateParams{Email: kirim.Clear[string](), Metadata: kirim.Clear[kirim.Metadata]()},
	),
	twice("Contacts.Delete", "deleteContact", func(ctx ctx, c sdk) (any, error) { return done(on(c).Contacts.Delete(ctx, contactID)) }),
	twice("Contacts.AttachLabel", "attachContactLabel", func(ctx ctx, c sdk) (any, error) {
		return on(c).Contacts.AttachLabel(ctx, contactID, labelID)
	}),
	twice("Contacts.DetachLabel", "detachContactLabel", func(ctx ctx, c sdk) (any, error) {
		return on(c).Contacts.DetachLabel(ctx, contactID, labelID)
	}),
	{
		method: "Contacts.BulkLabel", operation: "bulkLabelContacts",
		full: []act{
			bulkLabel(filled(kirim.BulkLabelParams{LabelID: labelID, Operation: kirim.LabelAttach, ContactIDs: []string{contactID, contactID}})),
			func(ctx ctx, c sdk) (any, error) {
				// More than one request may carry; the result adds up.
				ids := make([]string, 2500)
				for i := range ids {
					ids[i] = contactID
				}
				_, err := on(c).Contacts.BulkLabel(ctx, kirim.BulkLabelParams{LabelID: labelID, Operation: kirim.LabelAttach, ContactIDs: ids})
				return nil, err
			},
		},
		minimal: []act{bulkLabel(kirim.BulkLabelParams{LabelID: labelID, Operation: kirim.LabelDetach, ContactIDs: []string{contactID}})},
	},
}

func bulkLabel(params kirim.BulkLabelParams) act {
	return func(ctx ctx, c sdk) (any, error) { return on(c).Contacts.BulkLabel(ctx, params) }
}

var fullContactList = filled(kirim.ContactListParams{Phone: recipient, Search: "Ana", Limit: 100, Cursor: "start"})
