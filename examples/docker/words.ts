/**
 * The values for a pattern's braces. Names are put together from two short lists, so that a held-out question can have a
 * name that training never had, made of words that it had often.
 */
import type { Random } from "./random.ts";

const FIRST = [
  "web",
  "api",
  "db",
  "cache",
  "shop",
  "blog",
  "mail",
  "auth",
  "search",
  "metrics",
  "queue",
  "proxy",
  "billing",
  "orders",
  "chat",
  "wiki",
  "forum",
  "backup",
  "admin",
  "gateway",
  "frontend",
  "backend",
  "worker",
  "store",
  "stats",
  "users",
];
const SECOND = ["server", "db", "worker", "test", "dev", "prod", "old", "new", "api", "cache", "web", "backup"];

/** Images of servers: their tags, the port they listen on, where they keep data, the variables they take. */
const SERVERS: Record<string, { tags: string[]; ports: string[]; folders: string[]; variables: string[] }> = {
  nginx: {
    tags: ["1.25", "1.27", "alpine", "stable"],
    ports: ["80", "443"],
    folders: ["/usr/share/nginx/html", "/etc/nginx", "/var/log/nginx"],
    variables: ["NGINX_PORT=8080", "NGINX_HOST=localhost", "TZ=UTC"],
  },
  redis: { tags: ["6", "7", "alpine"], ports: ["6379"], folders: ["/data"], variables: ["TZ=UTC", "LANG=C.UTF-8"] },
  postgres: {
    tags: ["14", "15", "16"],
    ports: ["5432"],
    folders: ["/var/lib/postgresql/data", "/backups"],
    variables: ["POSTGRES_PASSWORD=secret", "POSTGRES_USER=admin", "POSTGRES_DB=shop"],
  },
  mysql: {
    tags: ["5.7", "8.0"],
    ports: ["3306"],
    folders: ["/var/lib/mysql", "/backups"],
    variables: ["MYSQL_ROOT_PASSWORD=secret", "MYSQL_DATABASE=shop", "MYSQL_USER=admin"],
  },
  mariadb: {
    tags: ["10", "11"],
    ports: ["3306"],
    folders: ["/var/lib/mysql"],
    variables: ["MARIADB_ROOT_PASSWORD=secret", "MARIADB_DATABASE=blog"],
  },
  httpd: {
    tags: ["2.4", "alpine"],
    ports: ["80", "443"],
    folders: ["/usr/local/apache2/htdocs"],
    variables: ["TZ=UTC"],
  },
  memcached: { tags: ["1.6", "alpine"], ports: ["11211"], folders: ["/data"], variables: ["TZ=UTC"] },
  mongo: {
    tags: ["6", "7"],
    ports: ["27017"],
    folders: ["/data/db"],
    variables: ["MONGO_INITDB_DATABASE=shop", "TZ=UTC"],
  },
  rabbitmq: {
    tags: ["3.12", "management"],
    ports: ["5672", "15672"],
    folders: ["/var/lib/rabbitmq"],
    variables: ["RABBITMQ_DEFAULT_USER=admin", "RABBITMQ_DEFAULT_PASS=secret"],
  },
  wordpress: {
    tags: ["6.4", "latest"],
    ports: ["80"],
    folders: ["/var/www/html"],
    variables: ["WORDPRESS_DB_HOST=db", "WORDPRESS_DB_PASSWORD=secret", "WORDPRESS_DEBUG=1"],
  },
  tomcat: {
    tags: ["9", "10"],
    ports: ["8080"],
    folders: ["/usr/local/tomcat/webapps"],
    variables: ["TZ=UTC", "LANG=C.UTF-8"],
  },
  node: {
    tags: ["18", "20", "22"],
    ports: ["3000", "8080"],
    folders: ["/app"],
    variables: ["NODE_ENV=production", "NODE_ENV=test", "PORT=3000"],
  },
  python: {
    tags: ["3.10", "3.11", "3.12"],
    ports: ["5000", "8000"],
    folders: ["/app", "/srv/data"],
    variables: ["DEBUG=1", "MODE=production", "PORT=8000"],
  },
  "grafana/grafana": {
    tags: ["10.2", "latest"],
    ports: ["3000"],
    folders: ["/var/lib/grafana"],
    variables: ["GF_LOG_LEVEL=debug", "GF_LOG_LEVEL=info"],
  },
};

/** Images to open a shell in, or to build on. */
const BASES: Record<string, string[]> = {
  alpine: ["3.18", "3.19", "3.20"],
  ubuntu: ["20.04", "22.04", "24.04"],
  debian: ["11", "12", "bookworm"],
  golang: ["1.21", "1.22"],
  busybox: ["1.36", "latest"],
  php: ["8.2", "8.3"],
  ruby: ["3.2", "3.3"],
  rust: ["1.75"],
  haproxy: ["2.8"],
};

const LISTS = {
  network: [
    "backend",
    "frontend",
    "internal",
    "public",
    "private",
    "app-net",
    "db-net",
    "web-net",
    "monitoring",
    "shared",
  ],
  volume: ["data", "pgdata", "web-data", "db-data", "uploads", "logs", "cache-data", "media", "config", "backups"],
  path: [
    "/data",
    "/app",
    "/var/log",
    "/var/log/nginx",
    "/usr/share/nginx/html",
    "/etc/nginx/nginx.conf",
    "/etc/hosts",
    "/tmp/report.txt",
    "/app/config.json",
    "/srv/data",
    "/home/app",
    "/opt/app/logs",
    "/app/index.html",
  ],
  folder: [
    "/data",
    "/app",
    "/tmp",
    "/etc/nginx",
    "/usr/share/nginx/html",
    "/srv/data",
    "/home/app",
    "/opt/app",
    "/root",
    "/backups",
  ],
  file: [
    "config.json",
    "index.html",
    "backup.sql",
    "app.py",
    "settings.yaml",
    "data.csv",
    "server.js",
    "notes.txt",
    "dump.sql",
  ],
  archive: [
    "backup.tar",
    "image.tar",
    "web.tar",
    "app.tar",
    "old.tar",
    "db.tar",
    "export.tar",
    "release.tar",
    "archive.tar",
  ],
  count: ["5", "10", "20", "25", "30", "50", "75", "100", "200", "250", "500", "1000"],
  replicas: ["2", "3", "4", "5", "6", "8"],
  memory: ["64m", "128m", "256m", "300m", "512m", "750m", "1g", "2g", "4g", "8g"],
  program: [
    "ls /app",
    "ls /tmp",
    "env",
    "date",
    "whoami",
    "df -h",
    "ps aux",
    "cat /etc/hosts",
    "hostname",
    "uptime",
    "free -m",
    "cat /etc/os-release",
    "id",
  ],
  registry: ["registry.example.com", "ghcr.io", "quay.io", "localhost:5000", "docker.example.org", "hub.example.net"],
  dockerfile: [
    "Dockerfile.dev",
    "Dockerfile.prod",
    "Dockerfile.test",
    "docker/Dockerfile",
    "build/Dockerfile",
    "web.Dockerfile",
  ],
  owner: ["acme", "team", "example", "ghcr.io/acme", "registry.example.com/shop", "localhost:5000", "quay.io/team"],
  version: ["1.0", "1.1", "1.4", "2.0", "2.3", "3.0", "latest", "dev", "stable", "v1", "v2"],
};

/** One value for a slot of a pattern: `name`, `image`, `host`, … What goes with an image depends on it. */
export function word(slot: string, random: Random, of?: string): string {
  const facts = of ? SERVERS[of.split(":")[0]] : undefined;
  switch (slot) {
    case "name": {
      const kind = random.next();
      if (kind < 0.45) return random.pick(FIRST);
      return kind < 0.6
        ? random.pick(FIRST) + random.pick(["1", "2", "3"])
        : `${random.pick(FIRST)}-${random.pick(SECOND)}`;
    }
    case "image":
      return random.next() < 0.5
        ? word("server", random)
        : tagged(random.pick(Object.keys(BASES)), (image) => BASES[image], random);
    case "base":
      return tagged(random.pick(Object.keys(BASES)), (image) => BASES[image], random);
    case "server":
      return tagged(random.pick(Object.keys(SERVERS)), (image) => SERVERS[image].tags, random);
    case "port":
      return random.pick(facts!.ports);
    case "variable":
      return random.pick(facts!.variables);
    case "shell":
      return of && /^(alpine|busybox)/.test(of) ? "sh" : random.pick(["bash", "sh"]); // these two have no bash
    case "own": // an image of one's own, as it is named when it is built
      return random.pick(FIRST) + random.pick(["", "-app", "-image"]) + version(0.6, random);
    case "remote": // an image of one's own in a registry
      return `${random.pick(LISTS.owner)}/${random.pick(FIRST)}${version(0.7, random)}`;
    case "host": {
      const usual = ["8080", "8000", "3000", "5000", "8888", "9000", "8081", "9090", "4000", "7000"];
      return random.next() < 0.4 ? random.pick(usual) : String(1024 + Math.floor(random.next() * 8900));
    }
    case "folder":
      return random.pick(facts?.folders ?? LISTS.folder);
    default:
      return random.pick(LISTS[slot as keyof typeof LISTS]);
  }
}

/** An image with one of its tags, or without in half of the cases. */
function tagged(image: string, tagsOf: (image: string) => string[], random: Random): string {
  return random.next() < 0.5 ? image : `${image}:${random.pick(tagsOf(image))}`;
}

/** `:1.4` and the like, with a probability; else nothing. */
function version(probability: number, random: Random): string {
  return random.next() < probability ? ":" + random.pick(LISTS.version) : "";
}
