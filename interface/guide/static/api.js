const calls = document.querySelector("#calls");
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

const page = SwaggerUIBundle({
  url: "/openapi.json",
  domNode: calls,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete: () => {
    if (calls.dataset.key) page.preauthorizeApiKey("key", calls.dataset.key);
    calls.dataset.ready = "yes";
  },
});
