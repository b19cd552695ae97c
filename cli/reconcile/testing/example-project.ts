import type { Project, Service } from "../../compose/model.js";

/** A service with nothing but an image, and whatever the test gives it. */
export function exampleService(facts: Partial<Service> = {}): Service {
  return { command: null, entrypoint: null, image: "redis:7.4", networks: { default: null }, ...facts };
}

export function exampleProject(services: Record<string, Service>, facts: Partial<Project> = {}): Project {
  return {
    name: "app",
    workingDir: "/app",
    files: ["/app/docker-compose.yml"],
    envFiles: [],
    envFilesGiven: false,
    environment: {},
    services,
    disabledServices: {},
    networks: { default: { name: "app_default", ipam: {} } },
    volumes: { data: { name: "app_data" } },
    configs: {},
    secrets: {},
    variables: {},
    extensions: {},
    ...facts,
  };
}
