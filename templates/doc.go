// Package templates keeps message templates in files: one for each template, in YAML or
// JSON, with all its languages side by side and with parameters that have names.
//
//	name: order_update
//	category: utility
//	parameters:
//	  customer: Ana
//	  order: {sample: A-17, description: The number of the order.}
//	languages:
//	  en:
//	    body: |
//	      Hello {{customer}},
//	      your order {{order}} is on its way.
//	    buttons:
//	      - {type: url, text: Track, url: "https://shop.example/{{order}}"}
//	  id:
//	    body: Halo {{customer}}, pesanan {{order}} sedang dikirim.
//	    buttons:
//	      - {type: url, text: Lacak, url: "https://shop.example/{{order}}"}
package templates
