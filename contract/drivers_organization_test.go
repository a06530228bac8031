package contract

import "github.com/kirim-go/kirim"

var labelDrivers = []driver{
	lists("Labels.List", "listLabels",
		func(ctx ctx, c sdk, p kirim.LabelListParams) (any, error) { return c.Labels.List(ctx, p) }, fullLabelList),
	lists("Labels.All", "listLabels",
		func(ctx ctx, c sdk, p kirim.LabelListParams) (any, error) { return collect(c.Labels.All(ctx, p)) }, fullLabelList),
	takes("Labels.Create", "createLabel",
		func(ctx ctx, c sdk, p kirim.LabelCreateParams) (any, error) { return c.Labels.Create(ctx, p) },
		kirim.LabelCreateParams{Name: "VIP"},
		filled(kirim.LabelCreateParams{Name: "VIP", Color: kirim.LabelViolet, TeamID: "team"}),
	),
	takes("Labels.Update", "updateLabel",
		func(ctx ctx, c sdk, p kirim.LabelUpdateParams) (any, error) { return c.Labels.Update(ctx, labelID, p) },
		kirim.LabelUpdateParams{Name: "VIP"},
		filled(kirim.LabelUpdateParams{Name: "VIP", Color: kirim.LabelViolet}),
	),
	twice("Labels.Delete", "deleteLabel", func(ctx ctx, c sdk) (any, error) { return done(c.Labels.Delete(ctx, labelID)) }),
}

var fullLabelList = filled(kirim.LabelListParams{TeamID: "team", Limit: 100, Cursor: "start"})

var customerDrivers = []driver{
	lists("Customers.List", "listCustomers",
		func(ctx ctx, c sdk, p kirim.CustomerListParams) (any, error) { return c.Customers.List(ctx, p) }, fullCustomerList),
	lists("Customers.All", "listCustomers",
		func(ctx ctx, c sdk, p kirim.CustomerListParams) (any, error) { return collect(c.Customers.All(ctx, p)) }, fullCustomerList),
	twice("Customers.Get", "getCustomer", func(ctx ctx, c sdk) (any, error) { return c.Customers.Get(ctx, customerID) }),
	takes("Customers.Create", "createCustomer",
		func(ctx ctx, c sdk, p kirim.CustomerCreateParams) (any, error) { return c.Customers.Create(ctx, p) },
		kirim.CustomerCreateParams{Name: "Toko Ana"},
		filled(kirim.CustomerCreateParams{Name: "Toko Ana", Email: "ana@example.com", Metadata: metadata, TeamID: "team"}),
	),
	takes("Customers.Update", "updateCustomer",
		func(ctx ctx, c sdk, p kirim.CustomerUpdateParams) (any, error) {
			return c.Customers.Update(ctx, customerID, p)
		},
		kirim.CustomerUpdateParams{Name: "Toko Ana"},
		filled(kirim.CustomerUpdateParams{
			Name: "Toko Ana", Email: kirim.Set("ana@example.com"), Metadata: kirim.Set(metadata), Status: kirim.CustomerSuspended,
		}),
		kirim.CustomerUpdateParams{Email: kirim.Clear[string](), Metadata: kirim.Clear[kirim.Metadata]()},
	),
	twice("Customers.Archive", "archiveCustomer", func(ctx ctx, c sdk) (any, error) { return c.Customers.Archive(ctx, customerID) }),
	lists("Customers.ListSetupLinks", "listSetupLinks",
		func(ctx ctx, c sdk, p kirim.SetupLinkListParams) (any, error) {
			return c.Customers.ListSetupLinks(ctx, customerID, p)
		}, filled(kirim.SetupLinkListParams{Status: kirim.SetupLinkExpired})),
	takes("Customers.CreateSetupLink", "createSetupLink",
		func(ctx ctx, c sdk, p kirim.SetupLinkCreateParams) (any, error) {
			return c.Customers.CreateSetupLink(ctx, customerID, p)
		},
		kirim.SetupLinkCreateParams{},
		filled(kirim.SetupLinkCreateParams{ExpiresInHours: 720, SuccessRedirectURL: link, FailureRedirectURL: link}),
	),
	takes("Customers.UpdateSetupLink", "updateSetupLink",
		func(ctx ctx, c sdk, p kirim.SetupLinkUpdateParams) (any, error) {
			return c.Customers.UpdateSetupLink(ctx, customerID, linkID, p)
		},
		kirim.SetupLinkUpdateParams{SuccessRedirectURL: kirim.Set(link)},
		filled(kirim.SetupLinkUpdateParams{SuccessRedirectURL: kirim.Set(link), FailureRedirectURL: kirim.Set(link)}),
		kirim.SetupLinkUpdateParams{SuccessRedirectURL: kirim.Clear[string](), FailureRedirectURL: kirim.Clear[string]()},
	),
	twice("Customers.RevokeSetupLink", "revokeSetupLink", func(ctx ctx, c sdk) (any, error) {
		return c.Customers.RevokeSetupLink(ctx, customerID, linkID)
	}),
}

var fullCustomerList = filled(kirim.CustomerListParams{
	Status: kirim.CustomerArchived, TeamID: "team", Search: "Ana", Limit: 100, Cursor: "start",
})

var webhookDrivers = []driver{
	lists("WebhookSubscriptions.List", "listWebhookSubscriptions",
		func(ctx ctx, c sdk, p kirim.WebhookSubscriptionListParams) (any, error) {
			return c.WebhookSubscriptions.List(ctx, p)
		}, fullSubscriptionList),
	lists("WebhookSubscriptions.All", "listWebhookSubscriptions",
		func(ctx ctx, c sdk, p kirim.WebhookSubscriptionListParams) (any, error) {
			return collect(c.WebhookSubscriptions.All(ctx, p))
		}, fullSubscriptionList),
	twice("WebhookSubscriptions.Get", "getWebhookSubscription", func(ctx ctx, c sdk) (any, error) {
		return c.WebhookSubscriptions.Get(ctx, subscriptionID)
	}),
	takes("WebhookSubscriptions.Create", "createWebhookSubscription",
		func(ctx ctx, c sdk, p kirim.WebhookSubscriptionCreateParams) (any, error) {
			return c.WebhookSubscriptions.Create(ctx, p)
		},
		kirim.WebhookSubscriptionCreateParams{URL: link, Events: events[:1]},
		filled(kirim.WebhookSubscriptionCreateParams{URL: link, Events: events, Description: "orders"}),
	),
	takes("WebhookSubscriptions.Update", "updateWebhookSubscription",
		func(ctx ctx, c sdk, p kirim.WebhookSubscriptionUpdateParams) (any, error) {
			return c.WebhookSubscriptions.Update(ctx, subscriptionID, p)
		},
		kirim.WebhookSubscriptionUpdateParams{Status: kirim.SubscriptionActive},
		filled(kirim.WebhookSubscriptionUpdateParams{
			URL: link, Description: kirim.Set("orders"), Events: events, Status: kirim.SubscriptionPaused,
		}),
		kirim.WebhookSubscriptionUpdateParams{Description: kirim.Clear[string]()},
	),
	twice("WebhookSubscriptions.Delete", "deleteWebhookSubscription", func(ctx ctx, c sdk) (any, error) {
		return done(c.WebhookSubscriptions.Delete(ctx, subscriptionID))
	}),
	takes("WebhookSubscriptions.AddSecret", "addSigningSecret",
		func(ctx ctx, c sdk, p kirim.SigningSecretCreateParams) (any, error) {
			return c.WebhookSubscriptions.AddSecret(ctx, subscriptionID, p)
		},
		kirim.SigningSecretCreateParams{},
		filled(kirim.SigningSecretCreateParams{ExpiresInHours: 24}),
	),
	twice("WebhookSubscriptions.RevokeSecret", "revokeSigningSecret", func(ctx ctx, c sdk) (any, error) {
		return done(c.WebhookSubscriptions.RevokeSecret(ctx, subscriptionID, secretID))
	}),
	lists("WebhookDeliveries.List", "listWebhookDeliveries",
		func(ctx ctx, c sdk, p kirim.WebhookDeliveryListParams) (any, error) {
			return c.WebhookDeliveries.List(ctx, p)
		}, fullDeliveryList),
	lists("WebhookDeliveries.All", "listWebhookDeliveries",
		func(ctx ctx, c sdk, p kirim.WebhookDeliveryListParams) (any, error) {
			return collect(c.WebhookDeliveries.All(ctx, p))
		}, fullDeliveryList),
	twice("WebhookDeliveries.Get", "getWebhookDelivery", func(ctx ctx, c sdk) (any, error) {
		return c.WebhookDeliveries.Get(ctx, deliveryID)
	}),
	twice("WebhookDeliveries.Replay", "replayWebhookDelivery", func(ctx ctx, c sdk) (any, error) {
		return c.WebhookDeliveries.Replay(ctx, deliveryID)
	}),
	takes("WebhookDeliveries.BulkReplay", "bulkReplayWebhookDeliveries",
		func(ctx ctx, c sdk, p kirim.BulkReplayParams) (any, error) {
			return c.WebhookDeliveries.BulkReplay(ctx, p)
		},
		kirim.BulkReplayParams{SubscriptionID: subscriptionID},
		filled(kirim.BulkReplayParams{
			SubscriptionID: subscriptionID, Status: kirim.DeliveryFailed, EventType: kirim.EventMessageReceived,
			CreatedAfter: after, CreatedBefore: before,
		}),
	),
}

var events = []kirim.WebhookEventType{kirim.EventMessageReceived, kirim.EventMessageStatus}

var fullSubscriptionList = filled(kirim.WebhookSubscriptionListParams{Limit: 100, Cursor: "start"})

var fullDeliveryList = filled(kirim.WebhookDeliveryListParams{
	SubscriptionID: subscriptionID, Status: kirim.DeliveryDead, EventType: kirim.EventMessageReceived,
	CreatedAfter: after, CreatedBefore: before, Limit: 100, Cursor: "start",
})
