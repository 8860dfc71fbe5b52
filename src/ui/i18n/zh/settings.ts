import type { Dictionary } from '../dictionary';

export const settingsTexts: Dictionary['settings'] = {
  title: '设置',
  appearance: '外观',
  language: '语言',
  languages: { zh: '中文', en: 'English' },
  theme: '主题',
  device: '计算设备',
  deviceHelp: '用于新的训练；已经开始的训练沿用原来的设备。',
  devices: { auto: '自动', webgpu: 'WebGPU', wasm: 'CPU（wasm）' },
  deviceNow: '按这个选择，实际使用：',
  deviceAsking: '正在检测设备……',
  storage: '存储',
  used: '已用',
  quota: '可用空间',
  persisted: '浏览器不会自动清除这些数据。',
  notPersisted: '磁盘紧张时，浏览器可能清除这些数据。请保存项目，或申请不被清除。',
  persist: '申请不被清除',
  persistRefused: '浏览器没有同意。请不时保存项目文件。',
  addressNote: '数据属于当前地址。换了端口或主机，打开时是空的；用项目文件可以把全部内容带过去。',
  build: '程序版本',
  notices: '第三方许可证',
};
