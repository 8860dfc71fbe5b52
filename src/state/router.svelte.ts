import { formatRoute, parseRoute, type Route } from './routes';

export { formatRoute };

class Router {
  route = $state.raw<Route>(parseRoute(location.hash));

  constructor() {
    addEventListener('hashchange', () => (this.route = parseRoute(location.hash)));
  }

  go(route: Route): void {
    location.hash = formatRoute(route);
    this.route = route;
  }
}

export const router = new Router();
