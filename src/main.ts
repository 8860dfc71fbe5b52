import { mount } from 'svelte';
import App from './App.svelte';
import { keepForOffline } from './offline';
import './ui/tokens.css';
import './ui/base.css';

const target = document.getElementById('app');
// browser-check.js found the browser too old and says so; starting would only add errors to that.
if (target && document.documentElement.dataset['unsupported'] !== 'true') {
  mount(App, { target });
  keepForOffline();
}
