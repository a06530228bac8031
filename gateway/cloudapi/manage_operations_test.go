package cloudapi_test

import (
	"encoding/json"
	"time"

	"github.com/kirim-go/kirim"
	"github.com/kirim-go/kirim/gateway/cloudapi"
)

func qrOperations() []operation {
	code := cloudapi.QRCode{Code: "EXAMPLECODE222", PrefilledMessage: "Halo", DeepLinkURL: "https://wa.me/message/EXAMPLECODE222"}
	dated := cloudapi.QRCode{Code: "EXAMPLECODE222", CreationTime: at(1672531200)}
	const wire = `{"code":"EXAMPLECODE222","prefilled_message":"Halo","deep_link_url":"https://wa.me/message/EXAMPLECODE222"}`
	return []operation{
		{name: "QRCodes.Create", route: "POST /PHONE/message_qrdls", body: `{"prefilled_message":"Halo","generate_qr_image":"SVG"}`, reply: wire, want: &code,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.QRCodes().Create(x, cloudapi.QRCodeCreateParams{PrefilledMessage: "Halo", Image: cloudapi.QRImageSVG}, o...))
			}},
		{name: "QRCodes.Update", route: "POST /PHONE/message_qrdls", body: `{"code":"300/1","prefilled_message":"Halo"}`, reply: wire, want: &code, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, id string, o opts) (any, error) {
				return result(p.QRCodes().Update(x, id, "Halo", o...))
			}},
		{name: "QRCodes.List", route: "GET /PHONE/message_qrdls", query: "after=c1&fields=code,qr_image_url.format(SVG)&limit=25", reply: `{"data":[` + wire + `]}`, want: lastPage(code), twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return result(p.QRCodes().List(x, cloudapi.QRCodeListParams{Fields: []string{"code", "qr_image_url.format(SVG)"}, Limit: 25, Cursor: "c1"}, o...))
			}},
		{name: "QRCodes.All", route: "GET /PHONE/message_qrdls", reply: `{"data":[` + wire + `]}`, want: items(code), twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(p.QRCodes().All(x, cloudapi.QRCodeListParams{}, o...))
			}},
		{name: "QRCodes.Get", route: "GET /PHONE/message_qrdls/ID", query: "fields=code,creation_time", reply: `{"data":[{"code":"EXAMPLECODE222","creation_time":1672531200}]}`, want: &dated, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, id string, o opts) (any, error) {
				return result(p.QRCodes().Get(x, id, cloudapi.QRCodeGetParams{Fields: []string{"code", "creation_time"}}, o...))
			}},
		{name: "QRCodes.Delete", route: "DELETE /PHONE/message_qrdls/ID", reply: okDone, twice: true,
			call: func(x ctx, p *cloudapi.PhoneNumber, _ *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(p.QRCodes().Delete(x, id, o...))
			}},
	}
}

func flowOperations() []operation {
	const fault = `{"error":"INVALID_PROPERTY","error_type":"JSON_SCHEMA_ERROR","message":"No.","line_start":46,"line_end":47,"column_start":17,"column_end":30,"pointers":[{"path":"screens[0]","line_start":46}]}`
	faults := []cloudapi.FlowValidationError{{
		Code: "INVALID_PROPERTY", Type: "JSON_SCHEMA_ERROR", Message: "No.", LineStart: 46, LineEnd: 47, ColumnStart: 17, ColumnEnd: 30,
		Pointers: []cloudapi.FlowPointer{{Path: "screens[0]", LineStart: 46}},
	}}
	draft := cloudapi.FlowInfo{ID: "500", Name: "daftar", Status: cloudapi.FlowDraft, Categories: []string{"SIGN_UP"}, ValidationErrors: faults}
	const wire = `{"id":"500","name":"daftar","status":"DRAFT","categories":["SIGN_UP"],"validation_errors":[` + fault + `]}`
	shown := cloudapi.FlowInfo{ID: "500", Preview: cloudapi.FlowPreview{URL: "https://business.example/preview", ExpiresAt: at(1684667889)}}
	shown.Health.CanSendMessage = "BLOCKED"
	return []operation{
		{name: "Flows.List", route: "GET /WABA/flows", query: "after=c1&fields=id,status&limit=3", reply: `{"data":[` + wire + `]}`, want: lastPage(draft), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Flows().List(x, cloudapi.FlowListParams{Fields: []string{"id", "status"}, Limit: 3, Cursor: "c1"}, o...))
			}},
		{name: "Flows.All", route: "GET /WABA/flows", reply: `{"data":[` + wire + `]}`, want: items(draft), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.Flows().All(x, cloudapi.FlowListParams{}, o...))
			}},
		{name: "Flows.Create", route: "POST /WABA/flows", body: `{"name":"daftar","categories":["SIGN_UP"],"flow_json":"{}","publish":true,"endpoint_uri":"https://flow.example/"}`,
			reply: `{"id":"500","success":true,"validation_errors":[` + fault + `]}`, want: &cloudapi.FlowResult{ID: "500", ValidationErrors: faults},
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Flows().Create(x, cloudapi.FlowCreateParams{Name: "daftar", Categories: []string{"SIGN_UP"}, FlowJSON: "{}", Publish: true, EndpointURI: "https://flow.example/"}, o...))
			}},
		{name: "Flows.Get", route: "GET /ID", query: "fields=id,name,categories,preview,status,validation_errors,json_version,data_api_version,data_channel_uri,health_status,whatsapp_business_account,application",
			reply: `{"id":"500","preview":{"preview_url":"https://business.example/preview","expires_at":"2023-05-21T11:18:09+0000"},"health_status":{"can_send_message":"BLOCKED"}}`, want: &shown, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				info, err := a.Flows().Get(x, id, cloudapi.FlowGetParams{}, o...)
				if err == nil {
					info.Preview.ExpiresAt.Time = info.Preview.ExpiresAt.UTC()
				}
				return result(info, err)
			}},
		{name: "Flows.Update", route: "POST /ID", body: `{"name":"daftar ulang","categories":["OTHER"]}`, reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Flows().Update(x, id, cloudapi.FlowUpdateParams{Name: "daftar ulang", Categories: []string{"OTHER"}}, o...))
			}},
		{name: "Flows.UpdateJSON", route: "POST /ID/assets", body: "multipart", reply: `{"success":true,"validation_errors":[` + fault + `]}`, want: &cloudapi.FlowResult{ValidationErrors: faults}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return result(a.Flows().UpdateJSON(x, id, []byte(`{"version":"7.0"}`), o...))
			}},
		{name: "Flows.ListAssets", route: "GET /ID/assets", query: "after=c1", reply: `{"data":[{"name":"flow.json","asset_type":"FLOW_JSON","download_url":"https://cdn.example/"}]}`,
			want: lastPage(cloudapi.FlowAsset{Name: "flow.json", Type: "FLOW_JSON", DownloadURL: "https://cdn.example/"}), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return result(a.Flows().ListAssets(x, id, cloudapi.FlowAssetListParams{Cursor: "c1"}, o...))
			}},
		{name: "Flows.AllAssets", route: "GET /ID/assets", reply: okNone, want: items[cloudapi.FlowAsset](), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return drained(a.Flows().AllAssets(x, id, cloudapi.FlowAssetListParams{}, o...))
			}},
		{name: "Flows.Publish", route: "POST /ID/publish", reply: okDone,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Flows().Publish(x, id, o...))
			}},
		{name: "Flows.Deprecate", route: "POST /ID/deprecate", reply: okDone,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Flows().Deprecate(x, id, o...))
			}},
		{name: "Flows.Delete", route: "DELETE /ID", reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Flows().Delete(x, id, o...))
			}},
	}
}

func analyticsOperations() []operation {
	start, end := time.Unix(1764547200, 0), time.Unix(1764633600, 0)
	numbers := cloudapi.TemplateAnalytics{Granularity: "DAILY", ProductType: "cloud_api", Points: []cloudapi.TemplateData{{
		TemplateID: "600", Start: at(1764547200), End: at(1764633600), Sent: 3, Delivered: 2, Read: 1,
		Clicked: []cloudapi.TemplateClick{{Type: "url_button", Button: "Lacak", Count: 4}}, Cost: []cloudapi.TemplateCost{{Type: "amount_spent", Value: 0.03}},
	}}}
	const wire = `{"granularity":"DAILY","product_type":"cloud_api","data_points":[{"template_id":"600","start":1764547200,"end":1764633600,"sent":3,"delivered":2,"read":1,"clicked":[{"type":"url_button","button_content":"Lacak","count":4}],"cost":[{"type":"amount_spent","value":0.03}]}]}`
	params := cloudapi.TemplateAnalyticsParams{Start: start, End: end, TemplateIDs: []string{"600", "601"}, MetricTypes: []string{"SENT", "COST"}, Cursor: "c1"}
	return []operation{
		{name: "Analytics.GetMessages", route: "GET /WABA", query: `fields=analytics.start(1764547200).end(1764633600).granularity(DAY).phone_numbers(["6281100000001"]).product_types([0,2]).country_codes(["ID"])`,
			reply: `{"analytics":{"phone_numbers":["6281100000001"],"granularity":"DAY","data_points":[{"start":1764547200,"end":1764633600,"sent":5,"delivered":4}]},"id":"100000000000001"}`,
			want:  &cloudapi.MessageAnalytics{PhoneNumbers: []string{"6281100000001"}, Granularity: "DAY", Points: []cloudapi.MessageData{{Start: at(1764547200), End: at(1764633600), Sent: 5, Delivered: 4}}}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Analytics().GetMessages(x, cloudapi.MessageAnalyticsParams{Start: start, End: end, Granularity: cloudapi.GranularityDay, PhoneNumbers: []string{"6281100000001"}, ProductTypes: []int{0, 2}, CountryCodes: []string{"ID"}}, o...))
			}},
		{name: "Analytics.GetMessages of none", route: "GET /WABA", query: `fields=analytics.start(1764547200).end(1764633600).granularity(MONTH)`, reply: `{"id":"100000000000001"}`, want: &cloudapi.MessageAnalytics{}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Analytics().GetMessages(x, cloudapi.MessageAnalyticsParams{Start: start, End: end, Granularity: cloudapi.GranularityMonth}, o...))
			}},
		{name: "Analytics.GetConversations", route: "GET /WABA", query: `fields=conversation_analytics.start(1764547200).end(1764633600).granularity(MONTHLY).conversation_categories(["UTILITY"]).dimensions(["COUNTRY","PHONE"])`,
			reply: `{"conversation_analytics":{"data":[{"data_points":[{"start":1764547200,"end":1764633600,"conversation":7,"country":"ID","phone_number":"6281100000001","conversation_category":"UTILITY","cost":0.7}]},{"data_points":[{"start":1764547200,"end":1764633600,"conversation":1}]}]}}`,
			want: []cloudapi.ConversationData{
				{Start: at(1764547200), End: at(1764633600), Conversations: 7, Country: "ID", PhoneNumber: "6281100000001", Category: "UTILITY", Cost: 0.7},
				{Start: at(1764547200), End: at(1764633600), Conversations: 1},
			}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Analytics().GetConversations(x, cloudapi.ConversationAnalyticsParams{Start: start, End: end, Granularity: cloudapi.GranularityMonthly, Categories: []string{"UTILITY"}, Dimensions: []string{"COUNTRY", "PHONE"}}, o...))
			}},
		{name: "Analytics.GetPricing", route: "GET /WABA", query: `fields=pricing_analytics.start(1764547200).end(1764633600).granularity(DAILY).metric_types(["COST","VOLUME"]).dimensions(["TIER"])`,
			reply: `{"pricing_analytics":{"data":[{"data_points":[{"start":1764547200,"end":1764633600,"tier":"0:MAX","pricing_type":"REGULAR","pricing_category":"MARKETING","volume":4,"cost":40}]}]}}`,
			want:  []cloudapi.PricingData{{Start: at(1764547200), End: at(1764633600), Tier: "0:MAX", Type: "REGULAR", Category: "MARKETING", Volume: 4, Cost: 40}}, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Analytics().GetPricing(x, cloudapi.PricingAnalyticsParams{Start: start, End: end, Granularity: cloudapi.GranularityDaily, MetricTypes: []string{"COST", "VOLUME"}, Dimensions: []string{"TIER"}}, o...))
			}},
		{name: "Analytics.ListTemplates", route: "GET /WABA/template_analytics", query: "after=c1&end=1764633600&granularity=DAILY&metric_types=SENT,COST&start=1764547200&template_ids=[600,601]", reply: `{"data":[` + wire + `]}`, want: lastPage(numbers), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Analytics().ListTemplates(x, params, o...))
			}},
		{name: "Analytics.AllTemplates", route: "GET /WABA/template_analytics", query: "after=c1&end=1764633600&granularity=DAILY&metric_types=SENT,COST&start=1764547200&template_ids=[600,601]", reply: `{"data":[` + wire + `]}`, want: items(numbers), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.Analytics().AllTemplates(x, params, o...))
			}},
	}
}

func templateOperations() []operation {
	yes := true
	const wire = `{"id":"600","name":"order_ready","language":"id","status":"APPROVED","category":"UTILITY","parameter_format":"POSITIONAL","components":[{"type":"BODY","text":"Halo"}],"quality_score":{"score":"GREEN","date":1764547200},"rejected_reason":"NONE"}`
	approved := cloudapi.Template{RejectedReason: "NONE", QualityScore: cloudapi.QualityScore{Score: "GREEN", Date: at(1764547200)}}
	approved.MessageTemplate = kirim.MessageTemplate{
		ID: "600", Name: "order_ready", Language: "id", Status: kirim.TemplateApproved, Category: kirim.TemplateUtility, ParameterFormat: kirim.TemplatePositional,
		Components: []kirim.ComponentDefinition{kirim.DefineBody("Halo")},
		Extra:      kirim.Extra{"quality_score": json.RawMessage(`{"score":"GREEN","date":1764547200}`), "rejected_reason": json.RawMessage(`"NONE"`)},
	}
	var created cloudapi.Template
	created.MessageTemplate = kirim.MessageTemplate{ID: "600", Name: "order_ready", Language: "id", Status: kirim.TemplatePending, Category: kirim.TemplateMarketing}
	body := []kirim.ComponentDefinition{kirim.DefineBody("Halo {{1}}", "Ana")}
	return []operation{
		{name: "Templates.List", route: "GET /WABA/message_templates", query: "after=c1&category=UTILITY&fields=id,status&language=id&limit=9&name=order_ready&status=APPROVED", reply: `{"data":[` + wire + `]}`, want: lastPage(approved), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Templates().List(x, cloudapi.TemplateListParams{Name: "order_ready", Language: "id", Category: kirim.TemplateUtility, Status: kirim.TemplateApproved, Fields: []string{"id", "status"}, Limit: 9, Cursor: "c1"}, o...))
			}},
		{name: "Templates.All", route: "GET /WABA/message_templates", reply: `{"data":[` + wire + `]}`, want: items(approved), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.Templates().All(x, cloudapi.TemplateListParams{Status: kirim.TemplateStatusAll}, o...))
			}},
		{name: "Templates.Get", route: "GET /ID", query: "fields=id,quality_score", reply: wire, want: &approved, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return result(a.Templates().Get(x, id, cloudapi.TemplateGetParams{Fields: []string{"id", "quality_score"}}, o...))
			}},
		{name: "Templates.Create", route: "POST /WABA/message_templates", body: `{"name":"order_ready","category":"UTILITY","language":"id","components":[{"type":"BODY","text":"Halo {{1}}","example":{"body_text":[["Ana"]]}}],"parameter_format":"positional","message_send_ttl_seconds":3600}`,
			reply: `{"id":"600","status":"PENDING","category":"MARKETING"}`, want: &created,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Templates().Create(x, kirim.TemplateCreateParams{Name: "order_ready", Category: kirim.TemplateUtility, Language: "id", Components: body, ParameterFormat: kirim.TemplatePositional, TTLSeconds: 3600, Variables: []string{"1"}}, o...))
			}},
		{name: "Templates.Update", route: "POST /ID", body: `{"category":"UTILITY","components":[{"type":"BODY","text":"Halo {{1}}","example":{"body_text":[["Ana"]]}}],"cta_url_link_tracking_opted_out":true}`, reply: okDone,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Templates().Update(x, id, cloudapi.TemplateUpdateParams{Category: kirim.TemplateUtility, Components: body, WithoutLinkTracking: &yes}, o...))
			}},
		{name: "Templates.Delete", route: "DELETE /WABA/message_templates", query: "name=order_ready", reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return nothing(a.Templates().Delete(x, cloudapi.TemplateDeleteParams{Name: "order_ready"}, o...))
			}},
		{name: "Templates.Delete of one language", route: "DELETE /WABA/message_templates", query: "hsm_id=300/1&name=order_ready", reply: okDone, twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, id string, o opts) (any, error) {
				return nothing(a.Templates().Delete(x, cloudapi.TemplateDeleteParams{Name: "order_ready", ID: id}, o...))
			}},
		{name: "Templates.CreateFromLibrary", route: "POST /WABA/message_templates",
			body:  `{"name":"order_ready","category":"UTILITY","language":"id","library_template_name":"delivery_update_1","library_template_button_inputs":"[{\"type\":\"URL\",\"url\":{\"base_url\":\"https://toko.example/{{1}}\",\"url_suffix_example\":\"https://toko.example/A-17\"}}]","library_template_body_inputs":"{\"add_track_package_link\":true}"}`,
			reply: `{"id":"600","status":"PENDING","category":"MARKETING"}`, want: &created,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Templates().CreateFromLibrary(x, cloudapi.TemplateLibraryCreateParams{
					Name: "order_ready", SourceName: "delivery_update_1", Category: kirim.TemplateUtility, Language: "id",
					Buttons: []cloudapi.TemplateLibraryButton{{Type: "URL", URL: &cloudapi.TemplateLibraryURL{BaseURL: "https://toko.example/{{1}}", SuffixExample: "https://toko.example/A-17"}}},
					Body:    &cloudapi.TemplateLibraryBody{AddTrackPackageLink: true},
				}, o...))
			}},
		{name: "Templates.ListLibrary", route: "GET /message_template_library", query: "after=c1&industry=E_COMMERCE&language=id&limit=5&name=n&search=s&topic=PAYMENTS&usecase=PAYMENT_OVERDUE",
			reply: `{"data":[{"id":"700","name":"delivery_update_1","body":"Halo {{1}}","body_params":["Ana"],"body_param_types":["TEXT"],"industry":["E_COMMERCE"],"usecase":"DELIVERY_UPDATE"}]}`,
			want:  lastPage(cloudapi.TemplateLibraryEntry{ID: "700", Name: "delivery_update_1", Body: "Halo {{1}}", BodyParams: []string{"Ana"}, BodyTypes: []string{"TEXT"}, Industry: []string{"E_COMMERCE"}, UseCase: "DELIVERY_UPDATE"}), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return result(a.Templates().ListLibrary(x, cloudapi.TemplateLibraryListParams{Search: "s", Name: "n", Topic: "PAYMENTS", UseCase: "PAYMENT_OVERDUE", Industry: "E_COMMERCE", Language: "id", Limit: 5, Cursor: "c1"}, o...))
			}},
		{name: "Templates.AllLibrary", route: "GET /message_template_library", reply: okNone, want: items[cloudapi.TemplateLibraryEntry](), twice: true,
			call: func(x ctx, _ *cloudapi.PhoneNumber, a *cloudapi.Account, _ string, o opts) (any, error) {
				return drained(a.Templates().AllLibrary(x, cloudapi.TemplateLibraryListParams{}, o...))
			}},
	}
}
