
module adder_core(bits, signals, clk);
  input [3:0] bits;
  wire [3:0] bits;
  input clk;
  wire clk;
  wire l0_n4;
  wire l0_n5;
  wire l1_n5;
  wire l1_n6;
  output [3:0] signals;
  reg [3:0] signals = 4'h0;
  reg [4:0] stage1 = 5'h00;
  (* init = 4'h0 *)
  wire [3:0] stage2;
  assign l0_n4 = bits[0] ^ bits[2];
  assign l0_n5 = bits[0] & bits[2];
  assign l1_n5 = 8'he8 >> { stage1[4], stage1[2:1] };
  assign l1_n6 = 8'h96 >> { stage1[4], stage1[2:1] };
  always @(posedge clk)
    stage1 <= { l0_n5, l0_n4, bits[3], bits[1:0] };
  always @(posedge clk)
    signals <= { l1_n6, l1_n5, stage1[3], stage1[0] };
  assign stage2 = signals;
endmodule
