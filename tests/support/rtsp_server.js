// Shows the MP4 files of a directory as rtsp://127.0.0.1:PORT/file/NAME.mp4, over TCP and UDP.
const [, , library, directory, port] = process.argv;
const config = require(`${library}/config`);
const ports = [
  "serverPort", "rtmpServerPort",
  "videoRTPServerPort", "videoRTCPServerPort", "audioRTPServerPort", "audioRTCPServerPort",
  "rtspVideoDataUDPListenPort", "rtspVideoControlUDPListenPort",
  "rtspAudioDataUDPListenPort", "rtspAudioControlUDPListenPort",
];
ports.forEach((name, index) => { config[name] = Number(port) + index; });
for (const name of ["videoControl", "audioControl", "videoData", "audioData"]) {
  config[`${name}ReceiverPort`] = 0;
}
Object.assign(config, { receiverType: "tcp", receiverListenHost: "127.0.0.1" });
config.recordedDir = directory;
const Server = require(`${library}/stream_server`);
const server = new Server();
server.setLivePathConsumer((uri, callback) => callback(null));
server.attachRecordedDir(directory);
server.start(() => console.log("ready"));
