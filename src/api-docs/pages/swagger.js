// Shows the OpenAPI document of this very server in Swagger UI. Knows no route.

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#ui",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  // No validator on somebody else's machine.
  validatorUrl: null,
});
